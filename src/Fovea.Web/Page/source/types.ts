// The service's answers (/openapi/v1.json), as far as the page reads them.

export type Role = 'operator' | 'grader' | 'ophthalmologist' | 'administrator'
export type Eye = 'right' | 'left'
export type ReviewState = 'none' | 'awaitingFirst' | 'awaitingSecond' | 'awaitingArbitration' | 'final'
export type ReaderRole = 'first' | 'second' | 'arbitration'
export type Language = 'en' | 'zh'
export type ExaminationState = 'analysing' | 'complete' | 'empty' | 'needsEye'

export interface User { id: string; name: string; displayName: string; roles: Role[]; language: Language | null }
export interface Session { user: User | null; csrfToken: string | null; notice: string; version: string; minimumPasswordLength: number }
export interface Page<T> { items: T[]; next: string | null }

export interface PatientRef { id: string; pseudonym: string }
export interface Patient extends PatientRef { createdAt: string; examinations: number; lastExaminedOn: string | null }
export interface Visit { id: string; examinedOn: string; state: ExaminationState; summary: Summary | null }
export interface PatientWithVisits extends Patient { examinationList: Visit[] }

export interface Recall { code: 'rescreen' | 'refer' | 'urgent' | 'retake' | 'review'; grade: number | null; months: number | null; text: string }
export interface Summary {
  worstGrade: number | null; worstEye: Eye | null; final: boolean; refer: boolean; unsure: boolean
  ungradableEyes: Eye[]; missingEyes: Eye[]; recall: Recall | null
}
export interface Examination {
  id: string; patient: PatientRef; examinedOn: string; note: string; createdAt: string; createdBy: string
  state: ExaminationState; summary: Summary | null; review: ReviewState; images: Image[]
}
export interface WorklistItem {
  id: string; patient: PatientRef; examinedOn: string; createdAt: string; state: ExaminationState; images: number; eyes: (Eye | 'unknown' | null)[]
  worstGrade: number | null; ungradable: boolean; refer: boolean; review: ReviewState; summary: Summary | null
  pictures?: { id: string; eye: Eye | null; outcome: Outcome | null; grade: number | null }[]
}

export type Outcome = 'graded' | 'ungradable' | 'unreadable' | 'failed' | 'noModel'
export interface QualityProblem { code: string; finding: string; advice: string }
export type LesionKind = 'microaneurysm' | 'haemorrhage' | 'hardExudate' | 'softExudate' | 'neovascularisation' | 'other'
/** Original pixels, x right, y down. */
export interface Box { x: number; y: number; width: number; height: number; kind: LesionKind }
export interface Lesion extends Box { score: number }
export interface Annotation extends Box { note: string }
export interface Annotations { boxes: Annotation[]; updatedAt: string | null; updatedBy: string | null }

export interface Result {
  outcome: Outcome; detail?: string | null
  quality: { gradable: boolean; problems: QualityProblem[] } | null
  grade: number | null; gradeName: string | null; probabilities: number[] | null; score: number | null; referable: boolean | null
  set: number[] | null; setCoverage: number | null; unsure: boolean; unsureReasons: string[]
  advice: { code: 'refer' | 'rescreen' | 'person' | 'retake'; text: string } | null
  heatmap: boolean; lesions: Lesion[] | null
  model: { id: string; name: string; sha256: string; architecture: string; version: string } | null
  analysedAt: string; seconds: number
  /** Of an OCT scan: the names of what the probabilities are of. */
  classes: string[] | null
}
export interface Review {
  id: string; imageId: string; role: ReaderRole; decision: 'agree' | 'override'; grade: number | null; ungradable: boolean
  reason: string | null; reader: string; createdAt: string; seconds: number | null
}
export interface Image {
  id: string; examinationId: string; name: string; format: string; kind: 'fundus' | 'oct' | null; width: number; height: number; bytes: number; uploadedAt: string
  eye: Eye | null; eyeSource: string | null; state: 'queued' | 'analysing' | 'done'; queuePosition?: number | null; result: Result | null
  review: {
    state: ReviewState; finalGrade: number | null; finalUngradable: boolean; done: number; mine: Review | null; reviews: Review[]
    canReview: boolean; nextRole: ReaderRole | null
  }
}
export interface Uploaded { images: Image[]; refused: { name: string; code: string; detail: string }[] }

export interface Agreement { images: number; agree: number; kappa: number | null; kappaKind?: string; matrix?: number[][] }
export interface Dashboard {
  from: string; to: string; volume: { date: string; images: number; examinations: number }[]; images: number; examinations: number; patients: number
  grades: { grade: number; name: string; machine: number; final: number }[]; ungradable: { images: number; share: number | null }; unsure: number; referable: number
  agreement: Agreement; readerAgreement: Agreement; secondsToResult: { median: number | null; p90: number | null }; queue: number
}

export interface Model {
  id: string; name: string; sha256: string; architecture: string; task: string; role: string; inUse: boolean; classes: string[]; inputSize: number; licence: string | null
  created: string | null; producer: string | null; data: { name: string; role: string; images: number; licence: string | null; source: string | null }[]
  metrics: { name: string; value: number; low: number | null; high: number | null }[]
  calibration: { data: string; images: number; before: Record<string, number>; after: Record<string, number> } | null
  conformal: { coverage: number } | null; referableFrom: number | null; results: number | null; checks: { code: string; ok: boolean; text: string }[]
}

export interface RecallRule { grade?: number; code: Recall['code']; months: number | null; text: { en: string; zh: string } }
export interface Settings {
  recall: RecallRule[]; ungradable: RecallRule; unsure: RecallRule
  secondReader: 'never' | 'onOverride' | 'always'; leastProbability: number; retentionDays: number | null; siteName: string
}
export interface Account { id: string; name: string; displayName: string; roles: Role[]; active: boolean; createdAt: string; lastSignIn: string | null; invited: boolean }
export interface Invitation { user: Account; token: string; link: string; expiresAt: string }
export interface Key { id: string; name: string; roles: Role[]; createdAt: string; lastUsedAt: string | null; revoked: boolean; prefix: string }
export interface AuditEntry { sequence: number; at: string; user: string | null; action: string; object: string | null; detail: unknown; hash: string }
export interface AuditCheck { ok: boolean; entries: number; firstBroken: number | null; lastHash: string; text: string }
