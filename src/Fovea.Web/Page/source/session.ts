import { createStore } from './store'
import type { Role, Session } from './types'

/** Null until the service has said who is signed in. */
export const session = createStore<Session | null>(null)
/** Set where a session ended by itself, so that the sign-in page can say so. */
export const ended = createStore(false)

export const has = (...roles: Role[]) => session.get()?.user?.roles.some(r => roles.includes(r)) ?? false
