import { createStore } from './store'

const read = () => ({ path: location.pathname, query: new URLSearchParams(location.search) })
export const place = createStore(read())
addEventListener('popstate', () => place.set(read()))

export function navigate(to: string, replace = false): void {
  history[replace ? 'replaceState' : 'pushState'](null, '', to)
  place.set(read())
  if (!replace) scrollTo(0, 0)
}

// Links are plain <a href>, so that they open in a new tab, too; a plain click stays in the page.
addEventListener('click', e => {
  if (e.defaultPrevented || e.button !== 0 || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey || !(e.target instanceof Element)) return
  const link = e.target.closest('a[href]')
  if (!(link instanceof HTMLAnchorElement) || link.origin !== location.origin || link.target || link.hasAttribute('download') || link.pathname.startsWith('/api/') || link.hash !== '') return
  e.preventDefault()
  navigate(link.pathname + link.search)
})

/** The parts that `:name` stand for in the pattern, or null where the path is another. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const [wanted, given] = [pattern.split('/'), path.replace(/(.)\/$/, '$1').split('/')]
  if (wanted.length !== given.length) return null
  const found: Record<string, string> = {}
  for (const [i, part] of wanted.entries()) {
    if (part.startsWith(':')) found[part.slice(1)] = decodeURIComponent(given[i]!)
    else if (part !== given[i]) return null
  }
  return found
}
