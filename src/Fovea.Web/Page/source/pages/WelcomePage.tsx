import { useState } from 'preact/hooks'
import { ApiError, call } from '../api'
import { Field, PageTitle, View, useLoad, wordsOf } from '../components/basics'
import { t } from '../i18n'
import { navigate } from '../router'
import { session } from '../session'
import type { Session } from '../types'
import { enter } from './SignInPage'

/** Where a one-time link leads: the first password. The token is in the fragment, which no server and no log sees. */
export function WelcomePage() {
  const [token] = useState(() => location.hash.slice(1))
  const check = useLoad(() => call<{ name: string; displayName: string }>('POST', '/welcome/check', { token }), [token])
  const [password, setPassword] = useState('')
  const [again, setAgain] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const least = session.get()?.minimumPasswordLength ?? 12
  const submit = async (e: Event) => {
    e.preventDefault()
    if (password !== again) return setProblem(t('welcome.differ'))
    try {
      const now = await call<Session>('POST', '/welcome', { token, password })
      navigate('/', true)
      enter(now)
    } catch (error) { setProblem(wordsOf(error)) }
  }
  if (check.error instanceof ApiError && (check.error.status === 410 || check.error.status === 404 || check.error.status === 400)) {
    return <div class="narrow"><PageTitle title={t('welcome.used')} /><p>{t('welcome.usedText')}</p><a class="button" href="/">{t('signIn.title')}</a></div>
  }
  return (
    <div class="narrow">
      <View of={check}>
        {account => (
          <>
            <PageTitle title={t('welcome.title', { name: account.displayName || account.name })} lead={t('welcome.lead', { name: account.name })} />
            <form class="panel stack" onSubmit={submit}>
              <input type="text" name="username" autocomplete="username" value={account.name} readOnly hidden />
              <Field label={t('welcome.password')} hint={t('welcome.rule', { n: least })}><input name="password" type="password" autocomplete="new-password" minLength={least} maxLength={256} required autofocus value={password} onInput={e => setPassword(e.currentTarget.value)} /></Field>
              <Field label={t('welcome.again')}><input name="again" type="password" autocomplete="new-password" required value={again} onInput={e => setAgain(e.currentTarget.value)} /></Field>
              {problem && <p class="problem" role="alert">{problem}</p>}
              <button class="button primary wide">{t('welcome.button')}</button>
            </form>
          </>
        )}
      </View>
    </div>
  )
}
