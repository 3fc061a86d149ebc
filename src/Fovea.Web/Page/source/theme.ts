import { createStore } from './store'

export type Theme = 'auto' | 'light' | 'dark'
const stored = localStorage.getItem('fovea-theme')
export const theme = createStore<Theme>(stored === 'light' || stored === 'dark' ? stored : 'auto')

export function setTheme(value: Theme): void {
  localStorage.setItem('fovea-theme', value)
  document.documentElement.dataset.theme = value
  theme.set(value)
}

export const isDark = () => theme.get() === 'dark' || (theme.get() === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches)
