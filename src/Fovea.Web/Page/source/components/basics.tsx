import type { ComponentChildren } from 'preact'
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { ApiError } from '../api'
import { t } from '../i18n'
import { createStore, useStore } from '../store'
import { Icon } from './Icon'

/** What went wrong, in words for the person at the screen. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error)
  if (error.status === 0) return t('error.unreachable')
  if (error.status === 404) return t('error.notFound')
  if (error.code === 'forbidden') return t('error.forbidden')
  if (error.status === 429 || error.status === 503) return t('error.busy', { seconds: error.retryAfter ?? 10 })
  const fields = Object.values(error.fields).flat()
  return fields.length > 0 ? fields.join(' ') : error.message
}

export interface Loaded<T> { data: T | null; error: unknown; loading: boolean; reload: () => void; set: (data: T) => void }

/** Loads when the dependencies change; what is shown stays until the new data is there. An answer that was overtaken is dropped. */
export function useLoad<T>(load: () => Promise<T>, dependencies: readonly unknown[]): Loaded<T> {
  const [state, setState] = useState<{ data: T | null; error: unknown; loading: boolean }>({ data: null, error: null, loading: true })
  const turn = useRef(0)
  const reload = useCallback(() => {
    const mine = ++turn.current
    setState(s => ({ ...s, loading: true }))
    load().then(
      data => mine === turn.current && setState({ data, error: null, loading: false }),
      (error: unknown) => mine === turn.current && setState(s => ({ data: s.data, error, loading: false })))
  }, dependencies)
  useEffect(() => {
    reload()
    return () => void turn.current++
  }, [reload])
  const set = useCallback((data: T) => setState({ data, error: null, loading: false }), [])
  return { ...state, reload, set }
}

export function Loading({ lines = 4 }: { lines?: number }) {
  return <div class="loading" role="status" aria-label={t('state.loading')}>{Array.from({ length: lines }, (_, i) => <div key={i} class="bone" />)}</div>
}

export function ErrorNote({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) {
  return (
    <div class="note bad" role="alert">
      <Icon name="alert" />
      <p>{wordsOf(error)}</p>
      {retry && <button type="button" class="button" onClick={retry}>{t('action.retry')}</button>}
    </div>
  )
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return <div class="empty"><Icon name="eye" /><h2>{title}</h2>{children}</div>
}

/** Shows what is loading, what failed, or the data. */
export function View<T>({ of, children, lines = 4 }: { of: Loaded<T>; children: (data: T) => ComponentChildren; lines?: number }) {
  return (
    <>
      {of.error !== null && <ErrorNote error={of.error} retry={of.reload} />}
      {of.data !== null ? children(of.data) : of.error === null && <Loading lines={lines} />}
    </>
  )
}

const said = createStore<{ text: string; bad: boolean; id: number } | null>(null)
let sayings = 0

/** A line at the foot of the window, read aloud by screen readers, gone after some seconds. */
export function say(text: string, bad = false): void {
  const id = ++sayings
  said.set({ text, bad, id })
  setTimeout(() => said.get()?.id === id && said.set(null), bad ? 9000 : 4500)
}

export function Sayings() {
  const now = useStore(said)
  return <div class="sayings" role="status" aria-live="polite">{now && <div class={now.bad ? 'saying bad' : 'saying'}>{now.text}</div>}</div>
}

/** Runs what a button does; a failure is said, and the button is off while it runs. */
export function useAction(): { busy: boolean; run: (what: () => Promise<unknown>) => Promise<boolean> } {
  const [busy, setBusy] = useState(false)
  const run = async (what: () => Promise<unknown>) => {
    setBusy(true)
    try {
      await what()
      return true
    } catch (error) {
      say(wordsOf(error), true)
      return false
    } finally {
      setBusy(false)
    }
  }
  return { busy, run }
}

/** A native dialog: it holds the focus and closes by Escape by itself. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
  const box = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    box.current?.showModal()
    return () => box.current?.close()
  }, [])
  return (
    <dialog ref={box} class="dialog" aria-labelledby="dialog-title" onClose={onClose}>
      <header><h2 id="dialog-title">{title}</h2><button type="button" class="button quiet" aria-label={t('action.close')} onClick={() => box.current?.close()}><Icon name="close" /></button></header>
      {children}
    </dialog>
  )
}

/** Asks for a reason before something is deleted for good. */
export function DeleteDialog({ title, text, onDelete, onClose }: { title: string; text: string; onDelete: (reason: string) => Promise<unknown>; onClose: () => void }) {
  const [reason, setReason] = useState('')
  const action = useAction()
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={e => { e.preventDefault(); void action.run(() => onDelete(reason)).then(ok => ok && onClose()) }}>
        <p>{text}</p>
        <Field label={t('delete.reason')}><input name="reason" required minLength={3} maxLength={500} value={reason} onInput={e => setReason(e.currentTarget.value)} /></Field>
        <div class="actions"><button class="button danger" disabled={action.busy}>{t('action.deleteForGood')}</button></div>
      </form>
    </Dialog>
  )
}

export function Field({ label, hint, children }: { label: string; hint?: ComponentChildren; children: ComponentChildren }) {
  return <label class="field"><span>{label}</span>{children}{hint && <small>{hint}</small>}</label>
}

export function PageTitle({ title, children, lead }: { title: string; lead?: ComponentChildren; children?: ComponentChildren }) {
  useEffect(() => { document.title = `${title} · Fovea` }, [title])
  return <div class="title"><div><h1>{title}</h1>{lead && <p class="lead">{lead}</p>}</div>{children && <div class="actions">{children}</div>}</div>
}
