import { useEffect, useState } from 'preact/hooks'

/** A value that components redraw on. */
export interface Store<T> { get(): T; set(value: T): void; subscribe(f: () => void): () => void }

export function createStore<T>(value: T): Store<T> {
  const listeners = new Set<() => void>()
  return {
    get: () => value,
    set(next) {
      value = next
      for (const f of [...listeners]) f()
    },
    subscribe(f) {
      listeners.add(f)
      return () => void listeners.delete(f)
    },
  }
}

export function useStore<T>(store: Store<T>): T {
  const [, redraw] = useState(0)
  useEffect(() => store.subscribe(() => redraw(n => n + 1)), [store])
  return store.get()
}
