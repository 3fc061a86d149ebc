import { useEffect, useState } from 'preact/hooks'
import { base, get, query, viewUrl } from '../api'
import { isAttended } from '../attention'
import { Empty, ErrorNote, Loading, PageTitle, useLoad, wordsOf, say } from '../components/basics'
import { Icon } from '../components/Icon'
import { EyeBadge, GradeBadge, Pill, ReviewPill } from '../components/verdict'
import { day, language, t } from '../i18n'
import type { PageProps } from '../main'
import { navigate } from '../router'
import { has } from '../session'
import { useStore } from '../store'
import type { Page, WorklistItem } from '../types'

// Each a question that somebody comes to the worklist with.
const views = {
  mine: { mine: true },
  all: {},
  refer: { refer: true },
  ungradable: { ungradable: true },
  arbitration: { review: 'awaitingArbitration' },
  final: { review: 'final' },
} as const
type ViewName = keyof typeof views

export function WorklistPage({ query: address }: PageProps) {
  const words = useStore(language)
  const reader = has('grader', 'ophthalmologist')
  const [view, setView] = useState<ViewName>((address.get('view') as ViewName | null) ?? (reader ? 'mine' : 'all'))
  const [patient, setPatient] = useState(address.get('patient') ?? '')
  const [grade, setGrade] = useState(address.get('grade') ?? '')
  const [from, setFrom] = useState(address.get('from') ?? '')
  const [to, setTo] = useState(address.get('to') ?? '')
  const filters = { ...views[view] ?? {}, patient, grade, from, to }
  const address_ = query({ view, patient, grade, from, to })
  const path = `/worklist${query({ ...filters, limit: 50 })}`
  const list = useLoad(() => get<Page<WorklistItem>>(path), [path, words])
  const [more, setMore] = useState<WorklistItem[]>([])
  const [next, setNext] = useState<string | null>(null)
  // The filters are in the address: the back button comes back to the same list.
  useEffect(() => navigate(`/${address_}`, true), [address_])
  useEffect(() => {
    setMore([])
    setNext(list.data?.next ?? null)
  }, [list.data])
  // What others do shows without a reload, while somebody is there.
  useEffect(() => {
    const timer = setInterval(() => isAttended() && more.length === 0 && list.reload(), 15000)
    return () => clearInterval(timer)
  }, [list.reload, more.length])
  const loadMore = () => get<Page<WorklistItem>>(`${path}&after=${encodeURIComponent(next ?? '')}`).then(p => {
    setMore(m => [...m, ...p.items])
    setNext(p.next)
  }, (e: unknown) => say(wordsOf(e), true))
  const items = [...list.data?.items ?? [], ...more]
  const filtered = view !== 'all' || patient !== '' || grade !== '' || from !== '' || to !== ''

  return (
    <>
      <PageTitle title={t('nav.worklist')}>
        {reader && items.length > 0 && <Export filters={query(filters)} />}
        {has('operator', 'administrator') && <a class="button primary" href="/upload"><Icon name="upload" />{t('nav.upload')}</a>}
      </PageTitle>
      <div class="filters">
        <div class="tabs" role="group" aria-label={t('worklist.show')}>
          {(Object.keys(views) as ViewName[]).filter(v => v !== 'mine' || reader).map(v => <button key={v} type="button" aria-pressed={v === view} onClick={() => setView(v)}>{t(`worklist.view.${v}`)}</button>)}
        </div>
        <div class="fields">
          <input type="search" name="patient" placeholder={t('worklist.patient')} aria-label={t('worklist.patient')} value={patient} onInput={e => setPatient(e.currentTarget.value)} />
          <select name="grade" aria-label={t('worklist.grade')} value={grade} onChange={e => setGrade(e.currentTarget.value)}>
            <option value="">{t('worklist.anyGrade')}</option>
            {['0', '1', '2', '3', '4'].map(g => <option key={g} value={g}>{g} {t(`grade.${g}` as 'grade.0')}</option>)}
          </select>
          <label class="between"><span class="aloud">{t('worklist.from')}</span><input type="date" name="from" title={t('worklist.from')} value={from} onInput={e => setFrom(e.currentTarget.value)} /></label>
          <span aria-hidden="true">–</span>
          <label class="between"><span class="aloud">{t('worklist.to')}</span><input type="date" name="to" title={t('worklist.to')} value={to} onInput={e => setTo(e.currentTarget.value)} /></label>
        </div>
      </div>
      {list.error !== null && <ErrorNote error={list.error} retry={list.reload} />}
      {list.data === null ? list.error === null && <Loading lines={6} /> : items.length === 0 ? <Nothing view={view} filtered={filtered} /> : <Table items={items} />}
      {next && <button type="button" class="button wide" onClick={() => void loadMore()}>{t('action.more')}</button>}
    </>
  )
}

function Export({ filters }: { filters: string }) {
  return <><a class="button" href={`${base}/export.csv${filters}`} download><Icon name="download" />CSV</a><a class="button" href={`${base}/export.json${filters}`} download><Icon name="download" />JSON</a></>
}

function Nothing({ view, filtered }: { view: ViewName; filtered: boolean }) {
  if (view === 'mine') return <Empty title={t('worklist.noneMine')}><a class="button" href="/?view=all" onClick={e => { e.preventDefault(); location.assign('/?view=all') }}>{t('worklist.showAll')}</a></Empty>
  if (filtered) return <Empty title={t('worklist.noneFiltered')} />
  return <Empty title={t('worklist.none')}><p>{t('worklist.noneText')}</p>{has('operator', 'administrator') && <a class="button primary" href="/upload">{t('nav.upload')}</a>}</Empty>
}

function Table({ items }: { items: readonly WorklistItem[] }) {
  return (
    <div class="scroll" role="region" aria-label={t('nav.worklist')} tabIndex={0}>
      <table class="list">
        <thead><tr><th>{t('worklist.photographs')}</th><th>{t('worklist.patient')}</th><th>{t('worklist.examined')}</th><th>{t('worklist.result')}</th><th>{t('worklist.next')}</th><th>{t('worklist.reading')}</th></tr></thead>
        <tbody>
          {items.map(i => (
            <tr key={i.id} onClick={e => { if (!(e.target as Element).closest('a')) navigate(`/examinations/${i.id}`) }}>
              <td><Eyes item={i} /></td>
              <td><a href={`/examinations/${i.id}`}><strong>{i.patient.pseudonym}</strong></a></td>
              <td>{day(i.examinedOn)}</td>
              <td>{i.worstGrade !== null ? <GradeBadge grade={i.worstGrade} /> : i.state === 'analysing' ? <Pill tone="plain">{t('state.analysing')}</Pill> : i.ungradable ? <Pill tone="warn" icon="camera">{t('outcome.ungradable')}</Pill> : '–'}</td>
              <td><Next item={i} /></td>
              <td><ReviewPill state={i.review} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

// As a doctor sees a face: the right eye on the left.
const eyeOrder = (eye: string | null) => eye === 'right' ? 0 : eye === 'left' ? 1 : 2

function Eyes({ item }: { item: WorklistItem }) {
  if (!item.pictures) return <span class="thumbs">{[...item.eyes].sort((a, b) => eyeOrder(a) - eyeOrder(b)).map((e, n) => <EyeBadge key={n} eye={e} />)}</span>
  return (
    <span class="thumbs">
      {[...item.pictures].sort((a, b) => eyeOrder(a.eye) - eyeOrder(b.eye)).slice(0, 4).map(p => (
        <span key={p.id} class={`thumb${p.outcome === 'ungradable' ? ' poor' : ''}`}>
          <img src={viewUrl(p.id, 160)} alt="" loading="lazy" width="56" height="42" /><EyeBadge eye={p.eye} />
        </span>
      ))}
    </span>
  )
}

function Next({ item }: { item: WorklistItem }) {
  const code = item.summary?.recall?.code
  if (item.state === 'needsEye') return <Pill tone="warn">{t('summary.needsEye')}</Pill>
  if (!code) return <>–</>
  return <Pill tone={code === 'rescreen' ? 'good' : code === 'refer' || code === 'urgent' ? 'bad' : 'warn'} icon={code === 'rescreen' ? 'calendar' : code === 'retake' ? 'camera' : 'alert'}>{t(`recall.${code}`)}</Pill>
}
