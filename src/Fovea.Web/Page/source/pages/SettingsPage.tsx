import { useState } from 'preact/hooks'
import { call, get } from '../api'
import { Field, PageTitle, View, say, useAction, useLoad } from '../components/basics'
import { GradeBadge, Pill } from '../components/verdict'
import { t } from '../i18n'
import type { Recall, RecallRule, Settings } from '../types'

const codes: readonly Recall['code'][] = ['rescreen', 'refer', 'urgent', 'retake', 'review']

export function SettingsPage() {
  const settings = useLoad(() => get<Settings>('/settings'), [])
  return <><PageTitle title={t('nav.settings')} /><View of={settings} lines={8}>{s => <Form start={s} />}</View></>
}

function Form({ start }: { start: Settings }) {
  const [now, setNow] = useState(start)
  const [kept, setKept] = useState(start)
  const action = useAction()
  const change = (values: Partial<Settings>) => setNow({ ...now, ...values })
  const submit = async (e: Event) => {
    e.preventDefault()
    if (!await action.run(() => call('PUT', '/settings', now))) return
    setKept(now)
    say(t('settings.saved'))
  }
  return (
    <form class="stack" onSubmit={submit}>
      <section class="panel">
        <h2>{t('settings.recall')}</h2>
        <p class="quiet">{t('settings.recallText')}</p>
        <div class="scroll" role="region" aria-label={t('settings.recall')} tabIndex={0}>
          <table class="list recall">
            <thead><tr><th>{t('settings.when')}</th><th>{t('settings.what')}</th><th>{t('settings.months')}</th><th>English</th><th>中文</th></tr></thead>
            <tbody>
              {now.recall.map((rule, i) => <Rule key={i} name={String(rule.grade)} rule={rule} label={<GradeBadge grade={rule.grade ?? i} />} onChange={r => change({ recall: now.recall.map((o, n) => n === i ? r : o) })} />)}
              <Rule name="ungradable" rule={now.ungradable} label={<Pill tone="warn" icon="camera">{t('outcome.ungradable')}</Pill>} onChange={ungradable => change({ ungradable })} />
              <Rule name="unsure" rule={now.unsure} label={<Pill tone="warn">{t('settings.unsure')}</Pill>} onChange={unsure => change({ unsure })} />
            </tbody>
          </table>
        </div>
      </section>
      <section class="panel form-grid">
        <Field label={t('settings.second')} hint={t('settings.secondHint')}>
          <select name="secondReader" value={now.secondReader} onChange={e => change({ secondReader: e.currentTarget.value as Settings['secondReader'] })}>
            {(['never', 'onOverride', 'always'] as const).map(v => <option key={v} value={v}>{t(`settings.second.${v}`)}</option>)}
          </select>
        </Field>
        <Field label={t('settings.least')} hint={t('settings.leastHint')}><input type="number" name="leastProbability" min={0} max={1} step={0.01} required value={now.leastProbability} onInput={e => change({ leastProbability: e.currentTarget.valueAsNumber })} /></Field>
        <Field label={t('settings.retention')} hint={t('settings.retentionHint')}><input type="number" name="retentionDays" min={1} max={36500} value={now.retentionDays ?? ''} onInput={e => change({ retentionDays: e.currentTarget.value === '' ? null : e.currentTarget.valueAsNumber })} /></Field>
        <Field label={t('settings.site')} hint={t('settings.siteHint')}><input name="siteName" maxLength={80} value={now.siteName} onInput={e => change({ siteName: e.currentTarget.value })} /></Field>
      </section>
      <div class="actions stick"><button class="button primary" disabled={action.busy || now === kept}>{t('action.save')}</button></div>
    </form>
  )
}

function Rule({ name, rule, label, onChange }: { name: string; rule: RecallRule; label: preact.ComponentChildren; onChange: (rule: RecallRule) => void }) {
  return (
    <tr>
      <th scope="row">{label}</th>
      <td><select aria-label={`${name}: ${t('settings.what')}`} value={rule.code} onChange={e => onChange({ ...rule, code: e.currentTarget.value as Recall['code'] })}>{codes.map(c => <option key={c} value={c}>{t(`recall.${c}`)}</option>)}</select></td>
      <td><input type="number" class="months" aria-label={`${name}: ${t('settings.months')}`} name={`months-${name}`} min={0} max={120} required value={rule.months ?? ''} onInput={e => onChange({ ...rule, months: e.currentTarget.value === '' ? null : e.currentTarget.valueAsNumber })} /></td>
      <td><textarea rows={3} aria-label={`${name}: English`} required maxLength={200} value={rule.text.en} onInput={e => onChange({ ...rule, text: { ...rule.text, en: e.currentTarget.value } })} /></td>
      <td><textarea rows={3} lang="zh-CN" aria-label={`${name}: 中文`} maxLength={200} value={rule.text.zh} onInput={e => onChange({ ...rule, text: { ...rule.text, zh: e.currentTarget.value } })} /></td>
    </tr>
  )
}
