import { useEffect, useState } from 'preact/hooks'
import { call, get, viewUrl } from '../api'
import { AnnotationPanel, useAnnotations } from '../components/AnnotationPanel'
import { DeleteDialog, Dialog, Empty, PageTitle, View, say, useAction, useLoad } from '../components/basics'
import { ComparePicker } from '../components/ComparePicker'
import { GradingForm } from '../components/GradingForm'
import { Icon } from '../components/Icon'
import { ResultPanel } from '../components/ResultPanel'
import { OverlayTools, shownLesions, useOverlays } from '../components/overlays'
import { EyeBadge, ImageGrade, SummaryBand, gradeName, isOct } from '../components/verdict'
import { EyePicker } from '../components/VerdictCard'
import { Viewer } from '../components/Viewer'
import { follow } from '../follow'
import { day, language, t } from '../i18n'
import type { PageProps } from '../main'
import { navigate } from '../router'
import { has } from '../session'
import { useShortcuts } from '../shortcuts'
import { useStore } from '../store'
import type { Examination, Eye, Image, Page, WorklistItem } from '../types'

const eyeOrder = (i: Image) => i.eye === 'right' ? 0 : i.eye === 'left' ? 1 : 2
const sorted = (images: readonly Image[]) => [...images].sort((a, b) => eyeOrder(a) - eyeOrder(b) || a.uploadedAt.localeCompare(b.uploadedAt))
const waits = (i: Image) => i.review.canReview && i.review.mine === null && i.review.state !== 'final'

export function ReadingRoom({ id, query }: PageProps) {
  const words = useStore(language)
  const examination = useLoad(() => get<Examination>(`/examinations/${id}`), [id, words])
  const busy = examination.data?.state === 'analysing'
  useEffect(() => busy ? follow(id, () => undefined, now => now.state !== 'analysing' && examination.reload()) : undefined, [id, busy])
  return <View of={examination} lines={8}>{e => e.images.length === 0 ? <Bare examination={e} /> : <Room examination={e} reload={examination.reload} first={query.get('image')} />}</View>
}

function Bare({ examination }: { examination: Examination }) {
  return <Empty title={t('summary.empty')}>{has('operator', 'administrator') && <a class="button primary" href={`/upload?examination=${examination.id}`}>{t('nav.upload')}</a>}</Empty>
}

function Room({ examination, reload, first }: { examination: Examination; reload: () => void; first: string | null }) {
  const images = sorted(examination.images)
  const [activeId, setActiveId] = useState(first ?? images.find(waits)?.id ?? images[0]!.id)
  const active = images.find(i => i.id === activeId) ?? images[0]!
  const [beside, setBeside] = useState<{ image: Image; when: string } | null>(null)
  const overlays = useOverlays()
  const boxes = useAnnotations(active)
  const [help, setHelp] = useState(false)
  const [deleting, setDeleting] = useState(false)
  const action = useAction()
  // An image of this examination is shown as it is now, not as it was when it was put beside.
  const second = beside && (images.find(i => i.id === beside.image.id) ?? beside.image)

  const open = async (image: Image) => {
    if (image.id === active.id || !await boxes.leave()) return
    if (beside?.image.id === image.id) setBeside({ image: active, when: examination.examinedOn })
    setActiveId(image.id)
  }
  const step = (by: number) => void open(images[(images.indexOf(active) + by + images.length) % images.length]!)
  const fellow = images.find(i => i.id !== active.id && i.eye !== active.eye && i.result?.outcome === 'graded') ?? images.find(i => i.id !== active.id)
  const both = () => setBeside(beside ? null : fellow ? { image: fellow, when: examination.examinedOn } : null)
  const saved = (image: Image) => {
    reload()
    const next = images.find(i => i.id !== image.id && waits(i))
    say(next ? t('grading.savedNext') : t('grading.saved'))
    if (next) void open(next)
  }
  useShortcuts({
    '[': () => step(-1), ']': () => step(1), b: both, h: overlays.toggleHeat, l: overlays.toggleLesions, '?': () => setHelp(true),
    x: has('grader', 'ophthalmologist') && !boxes.editing ? () => boxes.start() : undefined,
  })
  const caption = (image: Image, when: string) => (
    <><EyeBadge eye={image.eye} /><span>{when === examination.examinedOn ? image.name : day(when)}</span>{image.result?.outcome === 'graded' && image.result.grade !== null && <ImageGrade image={image} grade={image.result.grade} />}</>
  )

  return (
    <div class="room">
      <PageTitle title={examination.patient.pseudonym} lead={<>{day(examination.examinedOn)} · <a href={`/patients/${examination.patient.id}`}>{t('room.visits')}</a></>}>
        {has('operator', 'administrator') && <a class="button" href={`/upload?examination=${examination.id}`}><Icon name="upload" />{t('upload.more')}</a>}
        <a class="button" href={`/examinations/${examination.id}/report`}><Icon name="report" />{t('action.report')}</a>
        <button type="button" class="button" onClick={() => setHelp(true)} title={t('room.keys')}><Icon name="keyboard" /><span class="aloud">{t('room.keys')}</span></button>
        {has('administrator') && <button type="button" class="button danger" title={t('room.delete')} onClick={() => setDeleting(true)}><Icon name="trash" /><span class="aloud">{t('room.delete')}</span></button>}
      </PageTitle>
      <SummaryBand examination={examination} />
      <div class="room-grid">
        <section class="pictures" aria-label={t('room.photographs')}>
          <div class="strip">
            {images.map(i => (
              <button key={i.id} type="button" class="shot" aria-pressed={i.id === active.id} onClick={() => void open(i)} title={i.name}>
                <img src={viewUrl(i.id, 160)} alt="" width="64" height="48" /><EyeBadge eye={i.eye} />
                <span>{i.result?.outcome === 'graded' && i.result.grade !== null ? isOct(i) ? gradeName(i, i.result.grade) : t('room.gradeShort', { grade: i.result.grade }) : i.result ? t(`outcome.${i.result.outcome}`) : t('state.analysing')}</span>
                {waits(i) && <span class="dot" title={t('room.waits')}><span class="aloud">{t('room.waits')}</span></span>}
              </button>
            ))}
            <ComparePicker examination={examination} active={active} chosen={second} onChoose={(image, when) => setBeside(image && { image, when })} />
          </div>
          <OverlayTools image={active} overlays={overlays} editing={boxes.editing !== undefined} onEdit={has('grader', 'ophthalmologist') ? () => boxes.start() : undefined} />
          <div class={second ? 'stages two' : 'stages'}>
            <Viewer key={active.id} image={active} heat={overlays.heat} lesions={shownLesions(active, overlays)} annotations={boxes.boxes.filter(b => boxes.editing || overlays.kinds.has(b.kind))} editing={boxes.editing} focus={boxes.focus} caption={caption(active, examination.examinedOn)} />
            {second && <Viewer key={second.id} image={second} heat={overlays.heat} lesions={shownLesions(second, overlays)} annotations={[]} caption={caption(second, beside!.when)} />}
          </div>
        </section>
        <aside class="side">
          {active.eye === null && <div class="panel"><EyePicker onPick={(eye: Eye) => void action.run(() => call('PUT', `/images/${active.id}/eye`, { eye })).then(ok => ok && reload())} /></div>}
          {boxes.editing
            ? <AnnotationPanel image={active} boxes={boxes} />
            : <><GradingForm key={active.id} image={active} onSaved={saved} /><NextPatient examination={examination} /><ResultPanel image={active} /><Note key={examination.id} examination={examination} /></>}
        </aside>
      </div>
      {help && <Keys onClose={() => setHelp(false)} />}
      {deleting && (
        <DeleteDialog title={t('room.delete')} text={t('room.deleteText')} onClose={() => setDeleting(false)}
          onDelete={async reason => { await call('DELETE', `/examinations/${examination.id}`, { reason }); say(t('delete.done')); navigate('/') }} />
      )}
    </div>
  )
}

/** Once nothing of this examination waits for the reader, the way to the next that does. */
function NextPatient({ examination }: { examination: Examination }) {
  const action = useAction()
  if (!has('grader', 'ophthalmologist') || examination.images.some(waits) || !examination.images.some(i => i.review.mine !== null)) return null
  const go = async () => {
    const next = (await get<Page<WorklistItem>>('/worklist?mine=true&limit=2')).items.find(i => i.id !== examination.id)
    if (next) navigate(`/examinations/${next.id}`)
    else {
      say(t('worklist.noneMine'))
      navigate('/')
    }
  }
  return <button type="button" class="button primary wide" disabled={action.busy} onClick={() => void action.run(go)}>{t('room.nextPatient')}<Icon name="next" /></button>
}

function Note({ examination }: { examination: Examination }) {
  const [note, setNote] = useState(examination.note)
  const [kept, setKept] = useState(examination.note)
  const action = useAction()
  const save = () => action.run(() => call('PUT', `/examinations/${examination.id}/note`, { note })).then(ok => {
    if (!ok) return
    setKept(note)
    say(t('room.noteSaved'))
  })
  return (
    <section class="panel">
      <label class="field"><span>{t('room.note')}</span><textarea rows={2} maxLength={2000} value={note} onInput={e => setNote(e.currentTarget.value)} /></label>
      {note !== kept && <div class="actions"><button type="button" class="button" disabled={action.busy} onClick={() => void save()}>{t('action.save')}</button></div>}
    </section>
  )
}

const keyList = [['0–4', 'keys.grade'], ['U', 'keys.ungradable'], ['A', 'keys.agree'], ['Enter', 'keys.save'], ['[  ]', 'keys.step'], ['B', 'keys.both'], ['H', 'keys.heat'], ['L', 'keys.lesions'], ['X', 'keys.boxes'], ['+  −', 'keys.zoom'], ['?', 'keys.help']] as const
function Keys({ onClose }: { onClose: () => void }) {
  return <Dialog title={t('room.keys')} onClose={onClose}><dl class="keys">{keyList.map(([k, key]) => <div key={k}><dt><kbd>{k}</kbd></dt><dd>{t(key)}</dd></div>)}</dl></Dialog>
}
