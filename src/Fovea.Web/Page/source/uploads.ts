import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError, call, get, query, upload } from './api'
import { wordsOf } from './components/basics'
import { follow } from './follow'
import { language } from './i18n'
import { useStore } from './store'
import type { Examination, Image, Page, Patient } from './types'

/** A photograph on its way: chosen, sent, analysed. */
export interface Item {
  key: string
  name: string
  file: File | null
  /** Of the file itself, where the browser can show it; else the service's view once it has it. */
  preview: string | null
  phase: 'waiting' | 'sending' | 'sent' | 'refused' | 'failed'
  share: number
  image: Image | null
  problem: string | null
}

const atOnce = 2
const shown = /\.(jpe?g|png)$/i
/** As the service's limits say; checked here too, so that nobody waits for an upload that cannot succeed. */
export const largestFile = 25 * 1024 * 1024

/** The patient of this number, made where there is none; an empty number asks the service for a new one. */
async function patientOf(pseudonym: string): Promise<Patient> {
  if (pseudonym === '') return call<Patient>('POST', '/patients', {})
  const known = async () => (await get<Page<Patient>>(`/patients${query({ query: pseudonym })}`)).items.find(p => p.pseudonym === pseudonym)
  const found = await known()
  if (found) return found
  try {
    return await call<Patient>('POST', '/patients', { pseudonym })
  } catch (error) {
    // Somebody else made it meanwhile.
    const made = error instanceof ApiError && error.status === 409 ? await known() : undefined
    if (made) return made
    throw error
  }
}

/** The photographs of one examination, from the drop to the verdict. */
export function useUploads(existing: string | null) {
  const [items, setItems] = useState<Item[]>([])
  const [examination, setExamination] = useState<Examination | null>(null)
  const [error, setError] = useState<unknown>(null)
  const words = useStore(language)
  const current = useRef<{ examination: Examination | null; items: Item[]; running: number; stop: () => void }>({ examination: null, items: [], running: 0, stop: () => undefined })

  const change = (f: (items: Item[]) => Item[]) => {
    current.current.items = f(current.current.items)
    setItems(current.current.items)
  }
  const patch = (key: string, values: Partial<Item>) => change(all => all.map(i => i.key === key ? { ...i, ...values } : i))
  const take = (e: Examination | null) => {
    current.current.examination = e
    setExamination(e)
  }
  const put = (image: Image) => change(all => {
    const at = all.findIndex(i => i.image?.id === image.id)
    return at < 0 ? [...all, { key: image.id, name: image.name, file: null, preview: null, phase: 'sent', share: 1, image, problem: null }] : all.map((i, n) => n === at ? { ...i, image } : i)
  })
  const watch = () => {
    const id = current.current.examination?.id
    if (!id) return
    current.current.stop()
    current.current.stop = follow(id, put, now => current.current.examination && take({ ...current.current.examination, ...now }))
  }

  /** Sends what waits, two at a time: the first verdict comes while the second photograph is on its way. */
  const pump = () => {
    const state = current.current
    while (state.examination && state.running < atOnce) {
      const next = state.items.find(i => i.phase === 'waiting' && i.file)
      if (!next) return
      state.running++
      patch(next.key, { phase: 'sending', share: 0, problem: null })
      void send(state.examination.id, next).finally(() => {
        state.running--
        pump()
      })
    }
  }
  const send = async (id: string, item: Item, tries = 0): Promise<void> => {
    try {
      const answer = await upload(id, item.file!, item.key, share => patch(item.key, { share }))
      const image = answer.images[0]
      if (image) {
        // An event may have told of the image before this answer did.
        change(all => all.filter(i => i.key !== image.id).map(i => i.key === item.key ? { ...i, phase: 'sent', share: 1, image: all.find(o => o.image?.id === image.id)?.image ?? image } : i))
        watch()
      } else patch(item.key, { phase: 'refused', problem: answer.refused[0]?.detail ?? '' })
    } catch (e) {
      const wait = e instanceof ApiError && (e.status === 503 || e.status === 429) ? (e.retryAfter ?? 5) : null
      if (wait === null || tries >= 5) return patch(item.key, { phase: 'failed', problem: wordsOf(e) })
      await new Promise(r => setTimeout(r, wait * 1000))
      return send(id, item, tries + 1)
    }
  }

  const load = async (id: string) => {
    try {
      const e = await get<Examination>(`/examinations/${id}`)
      take(e)
      e.images.forEach(put)
      watch()
    } catch (e) { setError(e) }
  }
  useEffect(() => { if (existing && current.current.examination?.id !== existing) void load(existing) }, [existing])
  // What the service says in words follows the language.
  useEffect(() => { if (current.current.examination) void load(current.current.examination.id) }, [words])
  useEffect(() => () => {
    current.current.stop()
    for (const i of current.current.items) if (i.preview) URL.revokeObjectURL(i.preview)
  }, [])

  return {
    items, examination, error,
    add(files: readonly File[]) {
      change(all => [...all, ...files.map((file): Item => ({
        key: crypto.randomUUID(), name: file.name, file, preview: shown.test(file.name) ? URL.createObjectURL(file) : null, share: 0, image: null,
        ...(file.size > largestFile ? { phase: 'refused', problem: 'too-large' } : { phase: 'waiting', problem: null }),
      }))])
      pump()
    },
    async begin(pseudonym: string) {
      setError(null)
      try {
        const patient = await patientOf(pseudonym)
        take(await call<Examination>('POST', `/patients/${patient.id}/examinations`, {}))
        pump()
      } catch (e) { setError(e) }
    },
    retry(key: string) {
      patch(key, { phase: 'waiting' })
      pump()
    },
    remove: (key: string) => change(all => all.filter(i => i.key !== key)),
    async setEye(image: Image, eye: 'right' | 'left') {
      put(await call<Image>('PUT', `/images/${image.id}/eye`, { eye }))
      watch()
    },
  }
}
