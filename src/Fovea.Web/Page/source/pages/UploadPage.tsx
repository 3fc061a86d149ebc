import { useEffect, useRef, useState } from 'preact/hooks'
import { EyePicker, VerdictCard } from '../components/VerdictCard'
import { ErrorNote, Field, PageTitle, useAction } from '../components/basics'
import { Icon } from '../components/Icon'
import { SummaryBand } from '../components/verdict'
import { t } from '../i18n'
import type { PageProps } from '../main'
import { useUploads, type Item } from '../uploads'

const order = (i: Item) => i.image?.eye === 'right' ? 0 : i.image?.eye === 'left' ? 1 : 2

/** What a nurse sees: a number, a place to drop photographs, and then at once what came of each. */
export function UploadPage({ query }: PageProps) {
  const uploads = useUploads(query.get('examination'))
  const [pseudonym, setPseudonym] = useState(query.get('patient') ?? '')
  const number = useRef<HTMLInputElement>(null)
  const action = useAction()
  const { items, examination } = uploads
  const done = items.length > 0 && items.every(i => i.phase === 'refused' || i.image?.state === 'done')

  const begin = (value: string) => action.run(() => uploads.begin(value))
  // The examination's address, so that reloading the page comes back to it.
  useEffect(() => { if (examination && query.get('examination') !== examination.id) history.replaceState(null, '', `/upload?examination=${examination.id}`) }, [examination?.id])
  const add = (files: FileList | null) => {
    if (!files?.length) return
    uploads.add([...files])
    if (!examination) number.current?.focus()
  }

  return (
    <>
      <PageTitle title={t('upload.title')} lead={examination ? undefined : t('upload.lead')}>
        {examination && <button type="button" class="button" onClick={() => location.assign('/upload')}><Icon name="plus" />{t('upload.next')}</button>}
      </PageTitle>
      {uploads.error !== null && <ErrorNote error={uploads.error} />}

      {examination === null
        ? (
          <form class="panel patient-form" onSubmit={e => { e.preventDefault(); void begin(pseudonym.trim()) }}>
            <span class="step">1</span>
            <Field label={t('upload.number')} hint={t('upload.numberHint')}>
              <input ref={number} name="pseudonym" value={pseudonym} onInput={e => setPseudonym(e.currentTarget.value)} pattern="[A-Za-z0-9._\-]{1,64}" title={t('upload.numberRule')} autocomplete="off" required autofocus />
            </Field>
            <button class="button primary" disabled={action.busy}>{items.length > 0 ? t('upload.send') : t('upload.begin')}</button>
            <button type="button" class="button" disabled={action.busy} onClick={() => void begin('')}>{t('upload.newNumber')}</button>
          </form>
        )
        : (
          <div class="who">
            <Icon name="person" /><a href={`/patients/${examination.patient.id}`}><strong>{examination.patient.pseudonym}</strong></a>
            <span><Icon name="calendar" />{examination.examinedOn}</span>
          </div>
        )}

      {examination && (done || examination.summary) && <SummaryBand examination={examination} />}
      {examination && done && (
        <div class="actions next">
          <a class="button primary" href={`/examinations/${examination.id}`}><Icon name="eye" />{t('upload.read')}</a>
          <a class="button" href={`/examinations/${examination.id}/report`}><Icon name="report" />{t('action.report')}</a>
        </div>
      )}

      <div class="cards">
        {[...items].sort((a, b) => order(a) - order(b)).map(item => (
          <VerdictCard key={item.key} item={item} onRetry={() => uploads.retry(item.key)} onRemove={() => uploads.remove(item.key)}>
            {item.image && item.image.eye === null && <EyePicker onPick={eye => void action.run(() => uploads.setEye(item.image!, eye))} />}
          </VerdictCard>
        ))}
      </div>
      <DropZone onFiles={add} small={items.length > 0} step={examination === null} />
    </>
  )
}

function DropZone({ onFiles, small, step }: { onFiles: (files: FileList | null) => void; small: boolean; step: boolean }) {
  const [over, setOver] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  // A photograph dropped beside the field must not replace the page.
  useEffect(() => {
    const stop = (e: DragEvent) => e.preventDefault()
    addEventListener('dragover', stop)
    addEventListener('drop', stop)
    return () => {
      removeEventListener('dragover', stop)
      removeEventListener('drop', stop)
    }
  }, [])
  return (
    <label class={`drop${over ? ' over' : ''}${small ? ' small' : ''}`} onDragOver={() => setOver(true)} onDragLeave={() => setOver(false)}
      onDrop={e => { e.preventDefault(); setOver(false); onFiles(e.dataTransfer?.files ?? null) }}>
      {step && <span class="step">2</span>}
      <Icon name="upload" />
      <strong>{small ? t('upload.more') : t('upload.drop')}</strong>
      <span>{t('upload.formats')}</span>
      <input ref={input} type="file" name="photographs" multiple accept=".jpg,.jpeg,.png,.tif,.tiff,.dcm,.dicom,image/jpeg,image/png,image/tiff,application/dicom" onChange={e => { onFiles(e.currentTarget.files); e.currentTarget.value = '' }} />
    </label>
  )
}
