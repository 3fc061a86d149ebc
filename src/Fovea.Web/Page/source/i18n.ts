import en from '../messages/en.json'
import zh from '../messages/zh.json'
import { createStore } from './store'
import type { Language } from './types'

export type Key = keyof typeof en
// The compiler refuses a message that one language lacks; a test compares the files both ways.
const messages: Record<Language, Record<Key, string>> = { en, zh }

const stored = localStorage.getItem('fovea-language')
export const language = createStore<Language>(stored === 'zh' || stored === 'en' ? stored : navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en')

export function setLanguage(value: Language): void {
  localStorage.setItem('fovea-language', value)
  document.documentElement.lang = locale(value)
  language.set(value)
}

const locale = (value: Language) => value === 'zh' ? 'zh-CN' : 'en'
document.documentElement.lang = locale(language.get())

/** The message in the page's language, `{name}` replaced by the values. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  // A code that a newer service gives shows as it is.
  return (messages[language.get()][key] as string | undefined ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => name in values ? String(values[name]) : whole)
}

/** The message of a code that the service gave, or what the service said where the page has no words of its own. */
export function tCode(prefix: string, code: string, otherwise: string = code): string {
  const key = `${prefix}.${code}`
  return key in en ? t(key as Key) : otherwise
}

const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(language.get() === 'zh' ? 'zh-CN' : 'en-GB', options)
/** `yyyy-MM-dd` or a time, as a day. */
export const day = (iso: string) => format({ year: 'numeric', month: 'short', day: 'numeric' }).format(iso.length === 10 ? new Date(`${iso}T12:00:00`) : new Date(iso))
export const time = (iso: string) => format({ year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hour12: false }).format(new Date(iso))
export const percent = (share: number, digits = 0) => `${(share * 100).toFixed(digits)}\u202f%`
