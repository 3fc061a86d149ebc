import { get } from '../api'
import { day, t } from '../i18n'
import type { Examination, Image, PatientWithVisits } from '../types'
import { say, useLoad, wordsOf } from './basics'

interface Props { examination: Examination; active: Image; chosen: Image | null; onChoose: (image: Image | null, when: string) => void }

/** What stands beside the photograph: nothing, another of this visit, or the same eye at an earlier one. */
export function ComparePicker({ examination, active, chosen, onChoose }: Props) {
  const patient = useLoad(() => get<PatientWithVisits>(`/patients/${examination.patient.id}`), [examination.patient.id])
  const visits = (patient.data?.examinationList ?? []).filter(v => v.id !== examination.id && v.state !== 'empty')
  const others = examination.images.filter(i => i.id !== active.id)
  const here = chosen !== null && examination.images.some(i => i.id === chosen.id)
  const value = chosen === null ? '' : here ? `image:${chosen.id}` : `visit:${chosen.examinationId}`
  const choose = async (next: string) => {
    const [what, id] = next.split(':')
    if (what === 'image') return onChoose(examination.images.find(i => i.id === id) ?? null, examination.examinedOn)
    if (what !== 'visit') return onChoose(null, '')
    try {
      const visit = await get<Examination>(`/examinations/${id}`)
      const image = visit.images.find(i => i.eye === active.eye && i.result?.outcome === 'graded') ?? visit.images[0]
      if (image) onChoose(image, visit.examinedOn)
      else say(t('compare.none'))
    } catch (e) { say(wordsOf(e), true) }
  }
  return (
    <label class="compare inline"><span>{t('compare.label')}</span>
      <select name="compare" value={value} onChange={e => void choose(e.currentTarget.value)}>
        <option value="">{t('compare.nothing')}</option>
        {others.length > 0 && <optgroup label={t('compare.here')}>{others.map(i => <option key={i.id} value={`image:${i.id}`}>{i.eye ? t(`eye.${i.eye}`) : t('eye.unknown')}, {i.name}</option>)}</optgroup>}
        {visits.length > 0 && <optgroup label={t('compare.earlier')}>{visits.map(v => <option key={v.id} value={`visit:${v.id}`}>{day(v.examinedOn)}</option>)}</optgroup>}
      </select>
    </label>
  )
}
