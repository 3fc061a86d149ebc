// Runs before the page is drawn, so that a chosen dark page never flashes white.
document.documentElement.dataset.theme = localStorage.getItem('fovea-theme') ?? 'auto'
