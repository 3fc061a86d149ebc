import '../styles/main.css'
import { render, type ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { get } from './api'
import { Empty, ErrorNote, Loading } from './components/basics'
import { Shell } from './components/Shell'
import { language, t } from './i18n'
import { AccountPage } from './pages/AccountPage'
import { AuditPage } from './pages/AuditPage'
import { ModelsPage } from './pages/ModelsPage'
import { PatientPage } from './pages/PatientPage'
import { ReadingRoom } from './pages/ReadingRoom'
import { ReportPage } from './pages/ReportPage'
import { SettingsPage } from './pages/SettingsPage'
import { SignInPage } from './pages/SignInPage'
import { UploadPage } from './pages/UploadPage'
import { UsersPage } from './pages/UsersPage'
import { WelcomePage } from './pages/WelcomePage'
import { WorklistPage } from './pages/WorklistPage'
import { DashboardPage } from './pages/DashboardPage'
import { match, place } from './router'
import { has, session } from './session'
import { useStore } from './store'
import type { Role, Session } from './types'

export interface PageProps { id: string; query: URLSearchParams }
const routes: readonly { pattern: string; page: ComponentType<PageProps>; roles?: readonly Role[] }[] = [
  { pattern: '/', page: WorklistPage },
  { pattern: '/upload', page: UploadPage, roles: ['operator', 'administrator'] },
  { pattern: '/examinations/:id', page: ReadingRoom },
  { pattern: '/examinations/:id/report', page: ReportPage },
  { pattern: '/patients/:id', page: PatientPage },
  { pattern: '/dashboard', page: DashboardPage },
  { pattern: '/models', page: ModelsPage },
  { pattern: '/audit', page: AuditPage, roles: ['administrator'] },
  { pattern: '/users', page: UsersPage, roles: ['administrator'] },
  { pattern: '/settings', page: SettingsPage, roles: ['administrator'] },
  { pattern: '/account', page: AccountPage },
]

function App() {
  const [failure, setFailure] = useState<unknown>(null)
  const now = useStore(session)
  const here = useStore(place)
  useStore(language)
  const start = () => {
    setFailure(null)
    get<Session>('/session').then(s => session.set(s), setFailure)
  }
  useEffect(start, [])
  // A new page begins at its top for a screen reader, too.
  useEffect(() => { if (document.activeElement === document.body || document.activeElement?.closest('nav')) document.getElementById('main')?.focus({ preventScroll: true }) }, [here.path])
  return <Shell>{failure !== null ? <ErrorNote error={failure} retry={start} /> : now === null ? <Loading /> : content(now, here)}</Shell>
}

function content(now: Session, here: { path: string; query: URLSearchParams }) {
  if (here.path === '/welcome') return <WelcomePage />
  if (now.user === null) return <SignInPage />
  for (const { pattern, page: Page, roles } of routes) {
    const found = match(pattern, here.path)
    if (!found) continue
    return roles && !has(...roles) ? <Empty title={t('error.forbidden')} /> : <Page key={here.path} id={found.id ?? ''} query={here.query} />
  }
  return <Empty title={t('error.notFound')}><a class="button" href="/">{t('nav.worklist')}</a></Empty>
}

render(<App />, document.getElementById('app')!)
