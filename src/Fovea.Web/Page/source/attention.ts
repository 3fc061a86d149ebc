// When somebody last touched the page. What asks the service by itself must stop with that, or an unattended tablet would never be signed out.
let last = Date.now()
for (const kind of ['pointerdown', 'keydown', 'wheel'] as const) addEventListener(kind, () => { last = Date.now() }, { passive: true, capture: true })

const minutes = 10
export const isAttended = () => document.visibilityState === 'visible' && Date.now() - last < minutes * 60_000
