import type OSD from 'openseadragon'
import { overlayUrl, viewUrl } from './api'
import type { Image } from './types'

export interface Frame { /** Element pixels of the photograph's corner. */ x: number; y: number; /** Element pixels per original pixel. */ scale: number }
export interface Photograph {
  setHeat(opacity: number): void
  zoom(factor: number, at?: { x: number; y: number }): void
  home(): void
  /** Brings a box of original pixels into view. */
  show(box: { x: number; y: number; width: number; height: number }): void
  toImage(element: { x: number; y: number }): { x: number; y: number }
  pan(by: { x: number; y: number }): void
  close(): void
}

// OpenSeadragon puts a style element (no focus ring on touch screens) into the page, which the page's policy forbids, unless it finds one there. An
// element of that name outside of HTML is found and is no style.
function withoutItsStyle(): void {
  const name = 'data-openseadragon-mobile-css'
  if (document.querySelector(`style[${name}]`)) return
  const mark = document.createElementNS('urn:fovea', 'style')
  mark.setAttribute(name, 'true')
  document.head.append(mark)
}

// A picture that arrives after its viewer was closed is dropped, which OpenSeadragon warns of.
function withoutLateTiles(viewer: { console?: Console }): void {
  if (viewer.console !== window.console) return
  viewer.console = Object.assign(Object.create(window.console) as Console, {
    warn: (...said: unknown[]) => { if (!String(said[0]).startsWith('Ignoring tile')) window.console.warn(...said) },
  })
}

/** The photograph in the full resolution, loaded coarse to fine, with the heat map stretched over it. */
export async function openPhotograph(element: HTMLElement, image: Image, label: string, onFrame: (frame: Frame) => void, onFailed: () => void): Promise<Photograph> {
  const { default: OpenSeadragon } = await import('openseadragon')
  withoutItsStyle()
  withoutLateTiles(OpenSeadragon as unknown as { console?: Console })
  const longer = Math.max(image.width, image.height)
  const level = (max: number) => ({ url: viewUrl(image.id, max), width: Math.round(image.width * max / longer), height: Math.round(image.height * max / longer) })
  const viewer: OSD.Viewer = OpenSeadragon({
    element, drawer: 'canvas', showNavigationControl: false, maxZoomPixelRatio: 6, visibilityRatio: 0.6, animationTime: 0.4, crossOriginPolicy: false, minZoomImageRatio: 0.8,
    gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
    tileSources: { type: 'legacy-image-pyramid', levels: [...[1024, 2048].filter(max => max < longer).map(level), { url: viewUrl(image.id), width: image.width, height: image.height }] },
  } as unknown as OSD.Options)
  viewer.canvas.setAttribute('aria-label', label)
  viewer.canvas.setAttribute('role', 'application')
  // Letters are the page's own shortcuts.
  viewer.addHandler('canvas-key', e => { if (/^[a-z]$/i.test((e.originalEvent as KeyboardEvent).key)) e.preventDefaultAction = true })

  let heat: OSD.TiledImage | null = null
  let wanted = 0
  let loading = false
  const frame = () => {
    const item = viewer.world.getItemAt(0)
    if (!item) return
    const corner = item.imageToViewerElementCoordinates(new OpenSeadragon.Point(0, 0))
    const right = item.imageToViewerElementCoordinates(new OpenSeadragon.Point(image.width, 0))
    onFrame({ x: corner.x, y: corner.y, scale: (right.x - corner.x) / image.width })
  }
  const loadHeat = () => {
    if (heat || loading || wanted === 0 || !image.result?.heatmap || viewer.world.getItemCount() === 0) return
    loading = true
    viewer.addTiledImage({
      tileSource: { type: 'image', url: overlayUrl(image.id), buildPyramid: false } as never, x: 0, y: 0, width: 1, opacity: wanted,
      success: e => {
        heat = (e as unknown as { item: OSD.TiledImage }).item
        heat.setOpacity(wanted)
      },
    })
  }
  viewer.addHandler('open', () => {
    frame()
    loadHeat()
  })
  viewer.addHandler('open-failed', onFailed)
  viewer.addHandler('tile-load-failed', onFailed)
  viewer.addHandler('update-viewport', frame)
  // A photograph that was seen whole stays whole when another comes beside it.
  let whole = true
  viewer.addHandler('zoom', () => { whole = viewer.viewport.getZoom() <= viewer.viewport.getHomeZoom() * 1.02 })
  viewer.addHandler('resize', () => {
    const keep = whole
    requestAnimationFrame(() => {
      if (keep && viewer.isOpen()) viewer.viewport.goHome(true)
      frame()
    })
  })
  const point = (p: { x: number; y: number }) => viewer.viewport.pointFromPixel(new OpenSeadragon.Point(p.x, p.y))
  return {
    setHeat(opacity) {
      wanted = opacity
      heat?.setOpacity(opacity)
      loadHeat()
    },
    zoom(factor, at) {
      viewer.viewport.zoomBy(factor, at && point(at))
      viewer.viewport.applyConstraints()
    },
    home: () => void viewer.viewport.goHome(),
    show(box) {
      const item = viewer.world.getItemAt(0)
      if (!item) return
      const margin = 2.5 * Math.max(box.width, box.height, longer / 60)
      viewer.viewport.fitBounds(item.imageToViewportRectangle(box.x - margin, box.y - margin, box.width + 2 * margin, box.height + 2 * margin))
    },
    toImage(p) {
      const item = viewer.world.getItemAt(0)
      return item ? item.viewerElementToImageCoordinates(new OpenSeadragon.Point(p.x, p.y)) : { x: 0, y: 0 }
    },
    pan: by => void viewer.viewport.panBy(viewer.viewport.deltaPointsFromPixels(new OpenSeadragon.Point(by.x, by.y))),
    close: () => viewer.destroy(),
  }
}
