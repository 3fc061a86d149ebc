import { language } from './i18n'
import { ended, session } from './session'
import type { Uploaded } from './types'

/** What the service refused; the message is its own line, `NAME: reason. Remedy.` Status 0: the service was not reached. */
export class ApiError extends Error {
  constructor(readonly status: number, readonly code: string, message: string, readonly retryAfter: number | null = null, readonly fields: Record<string, string[]> = {}) { super(message) }
}

export const base = '/api/v1'

function headers(method: string): Record<string, string> {
  const all: Record<string, string> = { 'Accept-Language': language.get() === 'zh' ? 'zh-CN' : 'en' }
  const token = session.get()?.csrfToken
  if (method !== 'GET' && token) all['X-CSRF-Token'] = token
  return all
}

function refusal(status: number, text: string, retry: string | null): ApiError {
  let problem: { title?: string; detail?: string; code?: string; errors?: Record<string, string[]> } = {}
  try { problem = JSON.parse(text) as typeof problem } catch { /* a proxy's own page, say */ }
  const error = new ApiError(status, problem.code ?? `http-${status}`, problem.detail ?? problem.title ?? `HTTP ${status}`, retry === null ? null : Number(retry) || null, problem.errors ?? {})
  if (status === 401 && error.code === 'not-signed-in') signedOut()
  return error
}

function signedOut(): void {
  const now = session.get()
  if (now?.user) {
    ended.set(true)
    session.set({ ...now, user: null, csrfToken: null })
  }
}

/** Sends and reads JSON; an answer without content is undefined. */
export async function call<T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T> {
  const sent = headers(method)
  if (body !== undefined) sent['Content-Type'] = 'application/json'
  let answer: Response
  try {
    answer = await fetch(base + path, { method, headers: sent, credentials: 'same-origin', ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  } catch {
    throw new ApiError(0, 'unreachable', '')
  }
  const text = await answer.text()
  if (!answer.ok) throw refusal(answer.status, text, answer.headers.get('Retry-After'))
  return (text === '' ? undefined : JSON.parse(text)) as T
}

export const get = <T>(path: string) => call<T>('GET', path)

/** `?a=1&b=2` of what is set; an array repeats its name. */
export function query(values: Record<string, string | number | boolean | readonly (string | number)[] | null | undefined>): string {
  const parts = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === undefined || value === '' || value === false) continue
    for (const one of Array.isArray(value) ? value : [value]) parts.append(name, String(one))
  }
  const text = parts.toString()
  return text === '' ? '' : `?${text}`
}

/** One photograph of an examination. `progress` gets the share that has been sent. The key makes a repeated sending harmless. */
export function upload(examination: string, file: File, key: string, progress: (share: number) => void): Promise<Uploaded> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', `${base}/examinations/${examination}/images`)
    for (const [name, value] of Object.entries({ ...headers('POST'), 'Idempotency-Key': key })) request.setRequestHeader(name, value)
    request.upload.onprogress = e => e.lengthComputable && progress(e.loaded / e.total)
    request.onerror = () => reject(new ApiError(0, 'unreachable', ''))
    request.onload = () => {
      // A photograph that was refused is an answer, too: the file's card shows it.
      if (request.status === 201 || (request.status === 422 && request.responseText.includes('"refused"'))) resolve({ images: [], refused: [], ...JSON.parse(request.responseText) as object })
      else reject(refusal(request.status, request.responseText, request.getResponseHeader('Retry-After')))
    }
    const form = new FormData()
    form.append('file', file, file.name)
    request.send(form)
  })
}

export const viewUrl = (image: string, max?: number) => `${base}/images/${image}/view${max === undefined ? '' : `?max=${max}`}`
export const overlayUrl = (image: string) => `${base}/images/${image}/overlay`
