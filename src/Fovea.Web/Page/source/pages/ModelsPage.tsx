import { get } from '../api'
import { Empty, PageTitle, View, useLoad } from '../components/basics'
import { Icon } from '../components/Icon'
import { Pill } from '../components/verdict'
import { language, t, tCode, time } from '../i18n'
import { useStore } from '../store'
import type { Model } from '../types'

export function ModelsPage() {
  const words = useStore(language)
  const models = useLoad(() => get<{ items: Model[] }>('/models'), [words])
  return (
    <>
      <PageTitle title={t('nav.models')} lead={t('models.lead')} />
      <View of={models}>{list => list.items.length === 0 ? <Empty title={t('models.none')} /> : <>{list.items.map(m => <Card key={m.id} model={m} />)}</>}</View>
    </>
  )
}

function Card({ model: m }: { model: Model }) {
  const bad = m.checks.filter(c => !c.ok).length
  return (
    <article class="panel model">
      <header>
        <div><h2>{m.name}</h2><p class="quiet">{tCode('models.role', m.role)} · {m.architecture} · {m.inputSize} px</p></div>
        <div class="actions">{m.inUse && <Pill tone="good">{t('models.inUse')}</Pill>}{bad > 0 ? <Pill tone="warn">{t('models.checksBad', { n: bad })}</Pill> : <Pill tone="good">{t('models.checksGood')}</Pill>}</div>
      </header>
      <div class="two-columns">
        <section>
          <h3>{t('models.checks')}</h3>
          <ul class="checks">{m.checks.map(c => <li key={c.code} class={c.ok ? 'good' : 'warn'}><Icon name={c.ok ? 'check' : 'alert'} /><span>{c.ok ? <span class="aloud">{t('models.passed')}: </span> : <strong>{t('models.notPassed')}: </strong>}{c.text}</span></li>)}</ul>
        </section>
        <section>
          <h3>{t('models.figures')}</h3>
          {m.metrics.length === 0 ? <p class="quiet">{t('models.noFigures')}</p> : (
            <table class="small-table"><tbody>{m.metrics.map(f => <tr key={f.name}><th scope="row">{f.name}</th><td>{f.value.toFixed(3)}</td><td class="quiet">{f.low !== null && f.high !== null ? `${f.low.toFixed(3)} – ${f.high.toFixed(3)}` : ''}</td></tr>)}</tbody></table>
          )}
        </section>
      </div>
      <dl class="facts-list">
        <Fact name={t('models.classes')}>{m.classes.map((c, i) => `${i} ${c}`).join(', ')}</Fact>
        {m.referableFrom !== null && <Fact name={t('models.referable')}>{t('models.from', { grade: m.referableFrom })}</Fact>}
        {m.conformal && <Fact name={t('models.conformal')}>{t('models.coverage', { p: Math.round(m.conformal.coverage * 100) })}</Fact>}
        <Fact name={t('models.calibration')}>{m.calibration ? t('models.calibratedOn', { data: m.calibration.data, n: m.calibration.images }) : t('models.uncalibrated')}</Fact>
        {m.data.length > 0 && <Fact name={t('models.data')}>{m.data.map(d => `${d.name} (${d.role}, ${d.images}${d.licence ? `, ${d.licence}` : ''})`).join('; ')}</Fact>}
        {m.licence && <Fact name={t('models.licence')}>{m.licence}</Fact>}
        {m.created && <Fact name={t('models.created')}>{/^\d{4}-\d\d-\d\dT/.test(m.created) ? time(m.created) : m.created}{m.producer ? `, ${m.producer}` : ''}</Fact>}
        {m.results !== null && <Fact name={t('models.results')}>{m.results}</Fact>}
        <Fact name="SHA-256"><code class="hash">{m.sha256}</code></Fact>
      </dl>
    </article>
  )
}

function Fact({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return <div><dt>{name}</dt><dd>{children}</dd></div>
}
