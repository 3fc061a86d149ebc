import { useState } from 'preact/hooks'
import { base, get } from '../api'
import { PageTitle, useLoad } from '../components/basics'
import { Icon } from '../components/Icon'
import { language, t } from '../i18n'
import type { PageProps } from '../main'
import type { Examination, Language } from '../types'

export function ReportPage({ id }: PageProps) {
  const [words, setWords] = useState<Language>(language.get())
  const examination = useLoad(() => get<Examination>(`/examinations/${id}`), [id])
  const file = (kind: string, extra = '') => `${base}/examinations/${id}/report.${kind}?language=${words}${extra}`
  return (
    <>
      <PageTitle title={t('report.title')} lead={examination.data && <a href={`/examinations/${id}`}>{examination.data.patient.pseudonym} · {examination.data.examinedOn}</a>}>
        <label class="inline">{t('report.language')} <select name="language" value={words} onChange={e => setWords(e.currentTarget.value as Language)}><option value="en">English</option><option value="zh">中文</option></select></label>
        <a class="button" href={file('pdf')} target="_blank" rel="noopener"><Icon name="report" />{t('report.open')}</a>
        <a class="button primary" href={file('pdf', '&download=true')} download><Icon name="download" />{t('report.download')}</a>
      </PageTitle>
      {examination.data && examination.data.review !== 'final' && <div class="note warn"><Icon name="alert" /><p>{t('report.notFinal')}</p></div>}
      <iframe class="report" title={t('report.title')} src={file('html')} />
    </>
  )
}
