import { useState } from 'preact/hooks'
import { ApiError, call } from '../api'
import { Field, PageTitle, wordsOf } from '../components/basics'
import { setLanguage, t } from '../i18n'
import { ended, session } from '../session'
import { useStore } from '../store'
import type { Session } from '../types'

export function enter(now: Session): void {
  ended.set(false)
  session.set(now)
  // A language that the person chose before, on any machine.
  if (now.user?.language && localStorage.getItem('fovea-language') === null) setLanguage(now.user.language)
}

export function SignInPage() {
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const over = useStore(ended)
  const submit = async (e: Event) => {
    e.preventDefault()
    setBusy(true)
    setProblem(null)
    try {
      enter(await call<Session>('POST', '/session', { name: name.trim(), password }))
    } catch (error) {
      setProblem(error instanceof ApiError && error.status === 401 ? t('signIn.failed') : wordsOf(error))
      setPassword('')
    } finally {
      setBusy(false)
    }
  }
  return (
    <div class="narrow">
      <PageTitle title={t('signIn.title')} lead={t('signIn.lead')} />
      {over && <div class="note warn" role="status"><p>{t('signIn.ended')}</p></div>}
      <form class="panel stack" onSubmit={submit}>
        <Field label={t('signIn.name')}><input name="username" autocomplete="username" autocapitalize="none" spellcheck={false} required autofocus value={name} onInput={e => setName(e.currentTarget.value)} /></Field>
        <Field label={t('signIn.password')}><input name="password" type="password" autocomplete="current-password" required value={password} onInput={e => setPassword(e.currentTarget.value)} /></Field>
        {problem && <p class="problem" role="alert">{problem}</p>}
        <button class="button primary wide" disabled={busy}>{t('signIn.button')}</button>
      </form>
    </div>
  )
}
