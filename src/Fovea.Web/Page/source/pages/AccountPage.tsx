import { useState } from 'preact/hooks'
import { call } from '../api'
import { Field, PageTitle, say, useAction } from '../components/basics'
import { t } from '../i18n'
import { session } from '../session'
import { useStore } from '../store'

export function AccountPage() {
  const now = useStore(session)
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const action = useAction()
  const submit = async (e: Event) => {
    e.preventDefault()
    if (await action.run(() => call('PUT', '/session/password', { current, new: next }))) {
      say(t('account.changed'))
      setCurrent('')
      setNext('')
    }
  }
  return (
    <div class="narrow">
      <PageTitle title={t('account.title')} lead={`${now?.user?.displayName} · ${now?.user?.roles.map(r => t(`role.${r}`)).join(', ')}`} />
      <form class="panel stack" onSubmit={submit}>
        <h2>{t('account.password')}</h2>
        <input type="text" name="username" autocomplete="username" value={now?.user?.name} readOnly hidden />
        <Field label={t('account.current')}><input type="password" name="current" autocomplete="current-password" required value={current} onInput={e => setCurrent(e.currentTarget.value)} /></Field>
        <Field label={t('account.new')} hint={t('welcome.rule', { n: now?.minimumPasswordLength ?? 12 })}><input type="password" name="new" autocomplete="new-password" minLength={now?.minimumPasswordLength ?? 12} required value={next} onInput={e => setNext(e.currentTarget.value)} /></Field>
        <button class="button primary" disabled={action.busy}>{t('action.save')}</button>
      </form>
    </div>
  )
}
