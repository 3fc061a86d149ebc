import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { call, get } from '../api'
import { language, setLanguage, t, type Key } from '../i18n'
import { place } from '../router'
import { has, session } from '../session'
import { useStore } from '../store'
import { setTheme, theme, type Theme } from '../theme'
import type { Language, Role, Session, Settings } from '../types'
import icon from '../../static/icon.svg'
import { Sayings } from './basics'
import { Icon, type IconName } from './Icon'

const links: readonly { href: string; key: Key; icon: IconName; roles?: readonly Role[] }[] = [
  { href: '/', key: 'nav.worklist', icon: 'list' },
  { href: '/upload', key: 'nav.upload', icon: 'upload', roles: ['operator', 'administrator'] },
  { href: '/dashboard', key: 'nav.dashboard', icon: 'chart' },
  { href: '/models', key: 'nav.models', icon: 'model' },
  { href: '/audit', key: 'nav.audit', icon: 'shield', roles: ['administrator'] },
  { href: '/users', key: 'nav.users', icon: 'users', roles: ['administrator'] },
  { href: '/settings', key: 'nav.settings', icon: 'settings', roles: ['administrator'] },
]

export function Shell({ children }: { children: ComponentChildren }) {
  const now = useStore(session)
  const { path } = useStore(place)
  const [site, setSite] = useState('')
  const user = now?.user
  useEffect(() => { if (user) get<Settings>('/settings').then(s => setSite(s.siteName), () => undefined) }, [user?.id])
  return (
    <>
      <a class="skip" href="#main" onClick={e => { e.preventDefault(); document.getElementById('main')?.focus() }}>{t('nav.skip')}</a>
      <header class="top">
        <a class="brand" href="/"><img src={icon} alt="" width="28" height="28" /><span>Fovea{site && <small>{site}</small>}</span></a>
        {user && (
          <nav aria-label={t('nav.label')}>
            {links.filter(l => !l.roles || has(...l.roles)).map(l => <a key={l.href} href={l.href} aria-current={path === l.href ? 'page' : undefined} title={t(l.key)}><Icon name={l.icon} /><span>{t(l.key)}</span></a>)}
          </nav>
        )}
        <div class="tools">
          <LanguageSwitch /><ThemeSwitch />
          {user && <a class="tool" href="/account" aria-current={path === '/account' ? 'page' : undefined} title={t('nav.account')}><Icon name="person" /><span>{user.displayName || user.name}</span></a>}
          {user && <button type="button" class="tool" onClick={signOut} title={t('nav.signOut')}><Icon name="out" /><span class="aloud">{t('nav.signOut')}</span></button>}
        </div>
      </header>
      <main id="main" tabIndex={-1}>{children}</main>
      <footer class="foot"><strong>{t('disclaimer.title')}</strong> {t('disclaimer.text')}<span class="version">Fovea {now?.version.split('+')[0]}</span></footer>
      <Sayings />
    </>
  )
}

async function signOut(): Promise<void> {
  await call('DELETE', '/session').catch(() => undefined)
  session.set(await get<Session>('/session'))
}

function LanguageSwitch() {
  const now = useStore(language)
  const next: Language = now === 'en' ? 'zh' : 'en'
  const change = () => {
    setLanguage(next)
    if (session.get()?.user) call('PUT', '/session/language', { language: next }).catch(() => undefined)
  }
  return <button type="button" class="tool" lang={next === 'zh' ? 'zh-CN' : 'en'} onClick={change} title={next === 'zh' ? '中文' : 'English'}>{next === 'zh' ? '中文' : 'EN'}</button>
}

const themes: Record<Theme, { next: Theme; icon: IconName }> = { auto: { next: 'light', icon: 'auto' }, light: { next: 'dark', icon: 'sun' }, dark: { next: 'auto', icon: 'moon' } }
function ThemeSwitch() {
  const now = useStore(theme)
  return <button type="button" class="tool" onClick={() => setTheme(themes[now].next)} title={t(`theme.${now}`)} aria-label={t(`theme.${now}`)}><Icon name={themes[now].icon} /></button>
}
