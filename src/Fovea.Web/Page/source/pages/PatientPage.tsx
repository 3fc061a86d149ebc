import { useState } from 'preact/hooks'
import { call, get } from '../api'
import { DeleteDialog, Empty, PageTitle, View, say, useLoad } from '../components/basics'
import { Icon } from '../components/Icon'
import { GradeBadge, Pill } from '../components/verdict'
import { day, language, t } from '../i18n'
import type { PageProps } from '../main'
import { navigate } from '../router'
import { has } from '../session'
import { useStore } from '../store'
import type { PatientWithVisits } from '../types'

export function PatientPage({ id }: PageProps) {
  const words = useStore(language)
  const patient = useLoad(() => get<PatientWithVisits>(`/patients/${id}`), [id, words])
  const [deleting, setDeleting] = useState(false)
  return (
    <View of={patient}>
      {p => (
        <>
          <PageTitle title={p.pseudonym} lead={t('patient.lead', { n: p.examinationList.length })}>
            {has('operator', 'administrator') && <a class="button primary" href={`/upload?patient=${encodeURIComponent(p.pseudonym)}`}><Icon name="upload" />{t('patient.again')}</a>}
            {has('administrator') && <button type="button" class="button danger" onClick={() => setDeleting(true)}><Icon name="trash" />{t('patient.delete')}</button>}
          </PageTitle>
          {p.examinationList.length === 0 && <Empty title={t('patient.none')} />}
          <ul class="visits">
            {p.examinationList.map(v => (
              <li key={v.id} class="panel">
                <a href={`/examinations/${v.id}`}><strong>{day(v.examinedOn)}</strong></a>
                {v.summary?.worstGrade !== null && v.summary ? <GradeBadge grade={v.summary.worstGrade!} /> : <Pill tone="plain">{t(`examination.${v.state}`)}</Pill>}
                <span>{v.summary?.recall?.text}</span>
              </li>
            ))}
          </ul>
          {deleting && (
            <DeleteDialog title={t('patient.delete')} text={t('patient.deleteText', { name: p.pseudonym })} onClose={() => setDeleting(false)}
              onDelete={async reason => { await call('DELETE', `/patients/${id}`, { reason }); say(t('delete.done')); navigate('/') }} />
          )}
        </>
      )}
    </View>
  )
}
