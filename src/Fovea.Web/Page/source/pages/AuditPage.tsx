import { useEffect, useState } from 'preact/hooks'
import { get, query } from '../api'
import { Empty, PageTitle, View, say, useAction, useLoad, wordsOf } from '../components/basics'
import { Icon } from '../components/Icon'
import { t, time } from '../i18n'
import type { AuditCheck, AuditEntry, Page } from '../types'

export function AuditPage() {
  const [action, setAction] = useState('')
  const [user, setUser] = useState('')
  const [from, setFrom] = useState('')
  const [to, setTo] = useState('')
  const path = `/audit${query({ action, user, from, to, limit: 100 })}`
  const first = useLoad(() => get<Page<AuditEntry>>(path), [path])
  const [more, setMore] = useState<AuditEntry[]>([])
  const [next, setNext] = useState<string | null>(null)
  const [check, setCheck] = useState<AuditCheck | null>(null)
  const checking = useAction()
  useEffect(() => {
    setMore([])
    setNext(first.data?.next ?? null)
  }, [first.data])
  const loadMore = () => get<Page<AuditEntry>>(`${path}${path.includes('?') ? '&' : '?'}after=${encodeURIComponent(next ?? '')}`).then(p => {
    setMore(m => [...m, ...p.items])
    setNext(p.next)
  }, (e: unknown) => say(wordsOf(e), true))
  return (
    <>
      <PageTitle title={t('nav.audit')} lead={t('audit.lead')}>
        <button type="button" class="button primary" disabled={checking.busy} onClick={() => void checking.run(async () => setCheck(await get<AuditCheck>('/audit/check')))}><Icon name="shield" />{t('audit.check')}</button>
      </PageTitle>
      {check && <div class={`note ${check.ok ? 'good' : 'bad'}`} role="status"><Icon name={check.ok ? 'check' : 'alert'} /><p>{check.ok ? t('audit.whole', { n: check.entries }) : t('audit.broken', { n: check.firstBroken ?? 0 })} <code class="hash">{check.lastHash.slice(0, 16)}</code></p></div>}
      <div class="filters"><div class="fields">
        <input type="search" name="user" placeholder={t('audit.user')} aria-label={t('audit.user')} value={user} onInput={e => setUser(e.currentTarget.value)} />
        <input type="search" name="action" placeholder={t('audit.action')} aria-label={t('audit.action')} value={action} onInput={e => setAction(e.currentTarget.value)} />
        <input type="date" aria-label={t('worklist.from')} value={from} onInput={e => setFrom(e.currentTarget.value)} />
        <span aria-hidden="true">–</span>
        <input type="date" aria-label={t('worklist.to')} value={to} onInput={e => setTo(e.currentTarget.value)} />
      </div></div>
      <View of={first} lines={8}>
        {list => list.items.length === 0 ? <Empty title={t('audit.none')} /> : (
          <div class="scroll" role="region" aria-label={t('nav.audit')} tabIndex={0}>
            <table class="list audit">
              <thead><tr><th>#</th><th>{t('audit.at')}</th><th>{t('audit.user')}</th><th>{t('audit.action')}</th><th>{t('audit.object')}</th><th>{t('audit.detail')}</th></tr></thead>
              <tbody>{[...list.items, ...more].map(e => <tr key={e.sequence}><td title={e.hash}>{e.sequence}</td><td>{time(e.at)}</td><td>{e.user ?? '–'}</td><td><code>{e.action}</code></td><td><code>{e.object}</code></td><Detail of={e.detail} /></tr>)}</tbody>
            </table>
          </div>
        )}
      </View>
      {next && <button type="button" class="button wide" onClick={() => void loadMore()}>{t('action.more')}</button>}
    </>
  )
}

const longest = 140
/** What an entry holds beside; long ones are cut, and whole under the pointer. */
function Detail({ of: detail }: { of: unknown }) {
  const text = detail === null || detail === undefined || JSON.stringify(detail) === '{}' ? '' : JSON.stringify(detail)
  return <td class="detail" title={text.length > longest ? text : undefined}>{text.length > longest ? `${text.slice(0, longest)}…` : text}</td>
}
