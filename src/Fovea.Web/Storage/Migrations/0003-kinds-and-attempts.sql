-- What an image shows decides which model looked at it, and whether its result counts for the grade of retinopathy. Attempts: analyses that began, counted before each, so that an image which ends the process each time is not tried for ever.
ALTER TABLE results ADD COLUMN kind TEXT NOT NULL DEFAULT 'fundus';
ALTER TABLE results ADD COLUMN referable BIGINT NOT NULL DEFAULT 0;
ALTER TABLE images ADD COLUMN attempts BIGINT NOT NULL DEFAULT 0;
UPDATE results SET referable = 1 WHERE grade >= referable_from;
