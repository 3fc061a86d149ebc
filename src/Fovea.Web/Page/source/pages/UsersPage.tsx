import { useState } from 'preact/hooks'
import { call, get } from '../api'
import { Dialog, Field, PageTitle, View, say, useAction, useLoad } from '../components/basics'
import { Icon } from '../components/Icon'
import { Pill } from '../components/verdict'
import { t, time } from '../i18n'
import type { Account, Invitation, Key, Role } from '../types'

const roles: readonly Role[] = ['operator', 'grader', 'ophthalmologist', 'administrator']

function RolePicker({ chosen, onChange }: { chosen: readonly Role[]; onChange: (roles: Role[]) => void }) {
  return (
    <fieldset class="roles"><legend>{t('users.roles')}</legend>
      {roles.map(r => (
        <label key={r}><input type="checkbox" name={r} checked={chosen.includes(r)} onChange={e => onChange(e.currentTarget.checked ? [...chosen, r] : chosen.filter(o => o !== r))} /><span><b>{t(`role.${r}`)}</b><small>{t(`role.${r}.may`)}</small></span></label>
      ))}
    </fieldset>
  )
}

export function UsersPage() {
  const users = useLoad(() => get<{ items: Account[] }>('/users'), [])
  const [editing, setEditing] = useState<Account | 'new' | null>(null)
  const [invitation, setInvitation] = useState<Invitation | null>(null)
  const action = useAction()
  return (
    <>
      <PageTitle title={t('nav.users')}><button type="button" class="button primary" onClick={() => setEditing('new')}><Icon name="plus" />{t('users.add')}</button></PageTitle>
      <View of={users}>
        {list => (
          <div class="scroll" role="region" aria-label={t('nav.users')} tabIndex={0}>
            <table class="list">
              <thead><tr><th>{t('users.name')}</th><th>{t('users.roles')}</th><th>{t('users.state')}</th><th>{t('users.last')}</th><th><span class="aloud">{t('users.actions')}</span></th></tr></thead>
              <tbody>
                {list.items.map(u => (
                  <tr key={u.id}>
                    <td><strong>{u.displayName}</strong><br /><span class="quiet">{u.name}</span></td>
                    <td>{u.roles.map(r => t(`role.${r}`)).join(', ')}</td>
                    <td>{!u.active ? <Pill tone="warn">{t('users.inactive')}</Pill> : u.invited ? <Pill tone="plain">{t('users.invited')}</Pill> : <Pill tone="good">{t('users.active')}</Pill>}</td>
                    <td>{u.lastSignIn ? time(u.lastSignIn) : '–'}</td>
                    <td class="actions">
                      <button type="button" class="button" onClick={() => setEditing(u)}>{t('action.edit')}</button>
                      <button type="button" class="button" disabled={action.busy} onClick={() => void action.run(async () => setInvitation(await call<Invitation>('POST', `/users/${u.id}/link`)))}>{t('users.link')}</button>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </View>
      <Keys />
      {editing && <Editor account={editing === 'new' ? null : editing} onClose={() => setEditing(null)} onDone={made => { users.reload(); if (made) setInvitation(made) }} />}
      {invitation && (
        <Dialog title={t('users.linkTitle', { name: invitation.user.displayName || invitation.user.name })} onClose={() => setInvitation(null)}>
          <p>{t('users.linkText', { until: time(invitation.expiresAt) })}</p>
          <input class="copy" name="link" readOnly value={`${location.origin}/welcome#${invitation.token}`} aria-label={t('users.linkTitle', { name: invitation.user.name })} onFocus={e => e.currentTarget.select()} />
        </Dialog>
      )}
    </>
  )
}

function Editor({ account, onClose, onDone }: { account: Account | null; onClose: () => void; onDone: (invitation: Invitation | null) => void }) {
  const [name, setName] = useState(account?.name ?? '')
  const [displayName, setDisplayName] = useState(account?.displayName ?? '')
  const [chosen, setChosen] = useState<Role[]>(account?.roles ?? ['operator'])
  const [active, setActive] = useState(account?.active ?? true)
  const action = useAction()
  const submit = async (e: Event) => {
    e.preventDefault()
    const ok = await action.run(async () => {
      if (account) {
        await call('PUT', `/users/${account.id}`, { displayName, roles: chosen, active })
        onDone(null)
      } else onDone(await call<Invitation>('POST', '/users', { name, displayName, roles: chosen }))
    })
    if (ok) onClose()
  }
  return (
    <Dialog title={account ? t('users.edit', { name: account.name }) : t('users.add')} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        {!account && <Field label={t('users.name')} hint={t('users.nameRule')}><input name="name" required pattern="[a-z0-9._\-]{2,32}" autocapitalize="none" value={name} onInput={e => setName(e.currentTarget.value)} /></Field>}
        <Field label={t('users.displayName')}><input name="displayName" required maxLength={80} value={displayName} onInput={e => setDisplayName(e.currentTarget.value)} /></Field>
        <RolePicker chosen={chosen} onChange={setChosen} />
        {account && <label class="inline"><input type="checkbox" name="active" checked={active} onChange={e => setActive(e.currentTarget.checked)} /> {t('users.isActive')}</label>}
        <div class="actions"><button class="button primary" disabled={action.busy || chosen.length === 0}>{account ? t('action.save') : t('users.create')}</button></div>
      </form>
    </Dialog>
  )
}

/** Keys for programs, which cannot sign in. */
function Keys() {
  const keys = useLoad(() => get<{ items: Key[] }>('/keys'), [])
  const [adding, setAdding] = useState(false)
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<Role[]>(['operator'])
  const [secret, setSecret] = useState<string | null>(null)
  const action = useAction()
  const submit = async (e: Event) => {
    e.preventDefault()
    await action.run(async () => {
      setSecret((await call<{ secret: string }>('POST', '/keys', { name, roles: chosen })).secret)
      keys.reload()
    })
  }
  return (
    <section class="panel">
      <header><h2>{t('keys.title')}</h2><button type="button" class="button" onClick={() => { setSecret(null); setName(''); setAdding(true) }}><Icon name="key" />{t('keys.add')}</button></header>
      <p class="quiet">{t('keys.lead')}</p>
      <View of={keys} lines={1}>
        {list => list.items.length === 0 ? <p class="quiet">{t('keys.none')}</p> : (
          <table class="list"><tbody>
            {list.items.map(k => (
              <tr key={k.id}>
                <td><strong>{k.name}</strong> <code>{k.prefix}…</code></td><td>{k.roles.map(r => t(`role.${r}`)).join(', ')}</td><td>{k.lastUsedAt ? time(k.lastUsedAt) : t('keys.unused')}</td>
                <td class="actions">{k.revoked ? <Pill tone="warn">{t('keys.revoked')}</Pill> : <button type="button" class="button danger" disabled={action.busy} onClick={() => void action.run(async () => { await call('DELETE', `/keys/${k.id}`); keys.reload(); say(t('keys.revoked')) })}>{t('keys.revoke')}</button>}</td>
              </tr>
            ))}
          </tbody></table>
        )}
      </View>
      {adding && (
        <Dialog title={t('keys.add')} onClose={() => setAdding(false)}>
          {secret
            ? <><p>{t('keys.once')}</p><input class="copy" name="secret" readOnly value={secret} aria-label={t('keys.title')} onFocus={e => e.currentTarget.select()} /></>
            : (
              <form class="stack" onSubmit={submit}>
                <Field label={t('keys.name')}><input name="keyName" required maxLength={60} value={name} onInput={e => setName(e.currentTarget.value)} /></Field>
                <RolePicker chosen={chosen} onChange={setChosen} />
                <div class="actions"><button class="button primary" disabled={action.busy || chosen.length === 0}>{t('keys.create')}</button></div>
              </form>
            )}
        </Dialog>
      )}
    </section>
  )
}
