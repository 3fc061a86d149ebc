-- Types that SQLite and PostgreSQL both know: TEXT, BIGINT, DOUBLE PRECISION. Times are ISO 8601 UTC in TEXT, which sorts as time does.
CREATE TABLE users (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, display_name TEXT NOT NULL, roles TEXT NOT NULL, password_hash TEXT, language TEXT NOT NULL,
  active BIGINT NOT NULL, created_at TEXT NOT NULL, last_sign_in TEXT);
CREATE TABLE welcome_tokens (token_hash TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id), expires_at TEXT NOT NULL);
CREATE TABLE sessions (
  token_hash TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id), csrf_token TEXT NOT NULL, created_at TEXT NOT NULL, seen_at TEXT NOT NULL);
CREATE TABLE api_keys (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, prefix TEXT NOT NULL, secret_hash TEXT NOT NULL UNIQUE, roles TEXT NOT NULL, created_at TEXT NOT NULL, last_used_at TEXT,
  revoked BIGINT NOT NULL);

CREATE TABLE patients (id TEXT PRIMARY KEY, pseudonym TEXT NOT NULL UNIQUE, created_at TEXT NOT NULL, created_by TEXT NOT NULL);

-- The columns after created_by follow from images, results and reviews: written with each change of those, so that the worklist need not compute them.
CREATE TABLE examinations (
  id TEXT PRIMARY KEY, patient_id TEXT NOT NULL REFERENCES patients (id), examined_on TEXT NOT NULL, note TEXT NOT NULL, created_at TEXT NOT NULL, created_by TEXT NOT NULL,
  state TEXT NOT NULL, images BIGINT NOT NULL, worst_grade BIGINT, worst_eye TEXT, refer BIGINT NOT NULL, unsure BIGINT NOT NULL, ungradable BIGINT NOT NULL,
  final BIGINT NOT NULL, review TEXT NOT NULL);
CREATE INDEX examinations_newest ON examinations (created_at, id);
CREATE INDEX examinations_of_patient ON examinations (patient_id);

CREATE TABLE images (
  id TEXT PRIMARY KEY, examination_id TEXT NOT NULL REFERENCES examinations (id), name TEXT NOT NULL, format TEXT NOT NULL, width BIGINT NOT NULL, height BIGINT NOT NULL,
  bytes BIGINT NOT NULL, sha256 TEXT NOT NULL, eye TEXT, eye_source TEXT, uploaded_at TEXT NOT NULL, uploaded_by TEXT NOT NULL, pending BIGINT NOT NULL, review TEXT NOT NULL,
  final_grade BIGINT, final_ungradable BIGINT NOT NULL, UNIQUE (examination_id, sha256));
-- What waits for its result: read at each start and at each upload.
CREATE INDEX images_pending ON images (uploaded_at, id) WHERE pending = 1;

-- The primary key is the promise that an image has one result.
CREATE TABLE results (
  image_id TEXT PRIMARY KEY REFERENCES images (id), outcome TEXT NOT NULL, grade BIGINT, referable_from BIGINT NOT NULL, unsure BIGINT NOT NULL, body TEXT NOT NULL, map TEXT,
  model_sha256 TEXT NOT NULL, analysed_at TEXT NOT NULL, waited DOUBLE PRECISION NOT NULL);
CREATE INDEX results_by_time ON results (analysed_at);

CREATE TABLE reviews (
  id TEXT PRIMARY KEY, image_id TEXT NOT NULL REFERENCES images (id), position BIGINT NOT NULL, decision TEXT NOT NULL, grade BIGINT, ungradable BIGINT NOT NULL,
  reason TEXT NOT NULL, reader_id TEXT NOT NULL, reader TEXT NOT NULL, created_at TEXT NOT NULL, seconds BIGINT, UNIQUE (image_id, position), UNIQUE (image_id, reader_id));

CREATE TABLE annotations (image_id TEXT PRIMARY KEY REFERENCES images (id), boxes TEXT NOT NULL, updated_at TEXT NOT NULL, updated_by TEXT NOT NULL);
CREATE TABLE idempotency (actor TEXT NOT NULL, key TEXT NOT NULL, request_hash TEXT NOT NULL, answer TEXT NOT NULL, created_at TEXT NOT NULL, PRIMARY KEY (actor, key));
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE audit (
  sequence BIGINT PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, object TEXT NOT NULL, detail TEXT NOT NULL, hash TEXT NOT NULL);
