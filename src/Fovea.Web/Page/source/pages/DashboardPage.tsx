import { useState } from 'preact/hooks'
import { get, query } from '../api'
import { Empty, PageTitle, View, useLoad } from '../components/basics'
import { BarChart } from '../components/Chart'
import { language, percent, t, tCode } from '../i18n'
import { useStore } from '../store'
import type { Agreement, Dashboard } from '../types'

const back = (days: number) => new Date(Date.now() - (days - 1) * 86400000).toISOString().slice(0, 10)
const spans = { week: 7, month: 30, year: 365 } as const

export function DashboardPage() {
  const words = useStore(language)
  const [span, setSpan] = useState<keyof typeof spans>('month')
  const figures = useLoad(() => get<Dashboard>(`/dashboard${query({ from: back(spans[span]), to: back(1) })}`), [span, words])
  return (
    <>
      <PageTitle title={t('nav.dashboard')}>
        <div class="tabs" role="group" aria-label={t('dashboard.span')}>
          {(Object.keys(spans) as (keyof typeof spans)[]).map(s => <button key={s} type="button" aria-pressed={s === span} onClick={() => setSpan(s)}>{t(`dashboard.${s}`)}</button>)}
        </div>
      </PageTitle>
      <View of={figures} lines={8}>{d => d.images === 0 ? <Empty title={t('dashboard.none')} /> : <Figures of={d} />}</View>
    </>
  )
}

const number = (n: number | null, digits = 2) => n === null ? '–' : n.toFixed(digits)

function Figures({ of: d }: { of: Dashboard }) {
  const names = d.grades.map(g => `${g.grade} ${tCode('grade', String(g.grade), g.name)}`)
  return (
    <>
      <dl class="tiles">
        <Tile name={t('dashboard.images')} value={d.images} more={t('dashboard.examinations', { e: d.examinations, p: d.patients })} test="images" />
        <Tile name={t('dashboard.ungradable')} value={d.ungradable.share === null ? '–' : percent(d.ungradable.share)} more={t('dashboard.count', { n: d.ungradable.images })} test="ungradable" />
        <Tile name={t('dashboard.referable')} value={d.referable} more={t('dashboard.unsure', { n: d.unsure })} test="referable" />
        <Tile name={t('dashboard.kappa')} value={number(d.agreement.kappa)} more={t('dashboard.agree', { a: d.agreement.agree, n: d.agreement.images })} test="kappa" />
        <Tile name={t('dashboard.seconds')} value={d.secondsToResult.median === null ? '–' : `${number(d.secondsToResult.median, 1)} s`} more={t('dashboard.p90', { s: number(d.secondsToResult.p90, 1) })} test="seconds" />
      </dl>
      <div class="two-columns">
        <section class="panel">
          <h2>{t('dashboard.volume')}</h2>
          <BarChart label={t('dashboard.volume')} categories={d.volume.map(v => v.date.slice(5))} series={[{ name: t('dashboard.images'), values: d.volume.map(v => v.images), color: '#1f8a99' }, { name: t('dashboard.visits'), values: d.volume.map(v => v.examinations), color: '#b7791f' }]} />
          <details open={d.volume.length <= 8}><summary>{t('dashboard.numbers')}</summary>
            <table class="small-table"><thead><tr><th>{t('dashboard.date')}</th><th>{t('dashboard.images')}</th><th>{t('dashboard.visits')}</th></tr></thead><tbody>{d.volume.map(v => <tr key={v.date}><td>{v.date}</td><td>{v.images}</td><td>{v.examinations}</td></tr>)}</tbody></table>
          </details>
        </section>
        <section class="panel">
          <h2>{t('dashboard.grades')}</h2>
          <BarChart label={t('dashboard.grades')} categories={d.grades.map(g => String(g.grade))} series={[{ name: t('dashboard.machine'), values: d.grades.map(g => g.machine), color: '#1f8a99' }, { name: t('dashboard.final'), values: d.grades.map(g => g.final), color: '#7a5bb5' }]} />
          <details open><summary>{t('dashboard.numbers')}</summary>
            <table class="small-table" data-test="grades"><thead><tr><th>{t('dashboard.grade')}</th><th>{t('dashboard.machine')}</th><th>{t('dashboard.final')}</th></tr></thead><tbody>{d.grades.map((g, i) => <tr key={g.grade}><td>{names[i]}</td><td>{g.machine}</td><td>{g.final}</td></tr>)}</tbody></table>
          </details>
        </section>
        <section class="panel">
          <h2>{t('dashboard.agreement')}</h2>
          <AgreementFacts of={d.agreement} />
          {d.agreement.matrix && d.agreement.images > 0 && <Matrix rows={d.agreement.matrix} />}
        </section>
        <section class="panel">
          <h2>{t('dashboard.readers')}</h2>
          <AgreementFacts of={d.readerAgreement} />
          <h2>{t('dashboard.queue')}</h2>
          <p>{t('dashboard.waiting', { n: d.queue })}</p>
        </section>
      </div>
    </>
  )
}

function Tile({ name, value, more, test }: { name: string; value: string | number; more: string; test: string }) {
  return <div class="tile" data-test={test}><dt>{name}</dt><dd><strong>{value}</strong><span>{more}</span></dd></div>
}

function AgreementFacts({ of: a }: { of: Agreement }) {
  if (a.images === 0) return <p class="quiet">{t('dashboard.noReadings')}</p>
  return <p>{t('dashboard.agree', { a: a.agree, n: a.images })} ({percent(a.agree / a.images)}). {a.kappa === null ? t('dashboard.kappaUndefined') : t('dashboard.kappaIs', { k: a.kappa.toFixed(2) })}</p>
}

/** Rows: the network; columns: the reader. The diagonal agrees. */
function Matrix({ rows }: { rows: number[][] }) {
  return (
    <table class="matrix" data-test="matrix">
      <caption>{t('dashboard.matrix')}</caption>
      <thead><tr><td />{rows.map((_, g) => <th key={g} scope="col">{g}</th>)}</tr></thead>
      <tbody>{rows.map((row, g) => <tr key={g}><th scope="row">{g}</th>{row.map((n, k) => <td key={k} class={g === k ? 'same' : n > 0 ? 'other' : ''}>{n}</td>)}</tr>)}</tbody>
    </table>
  )
}
