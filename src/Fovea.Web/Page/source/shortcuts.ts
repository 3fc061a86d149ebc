import { useEffect, useRef } from 'preact/hooks'

/** Keys that do something wherever the focus is, except where somebody writes or a dialog is open. A key is named by KeyboardEvent.key, in lower case. */
export function useShortcuts(keys: Record<string, (() => void) | undefined>): void {
  const now = useRef(keys)
  now.current = keys
  useEffect(() => {
    const press = (e: KeyboardEvent) => {
      if (e.ctrlKey || e.metaKey || e.altKey || e.repeat || document.querySelector('dialog[open]')) return
      const target = e.target instanceof HTMLElement ? e.target : null
      if (target?.closest('input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, select')) return
      // Enter on a button is that button's own.
      if (e.key === 'Enter' && target?.closest('button, a, summary')) return
      const action = now.current[e.key.toLowerCase()]
      if (!action) return
      e.preventDefault()
      action()
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [])
}
