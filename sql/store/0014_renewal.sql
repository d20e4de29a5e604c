-- Renewing without a signature: who has said no, and finding quickly what the day's chores look for.

-- When its owner said that it must not be renewed; empty: nobody did.
ALTER TABLE enrollment ADD COLUMN no_renewal_at BIGINT;
-- What takes the place of an enrollment; all of a plan year, an owner's after the other.
CREATE INDEX enrollment_follows ON enrollment (follows);
CREATE INDEX enrollment_year ON enrollment (plan_year, owner);
-- Applications of a plan year by the moment at which they were sent; the change of an application.
CREATE INDEX application_year ON application (plan_year, submitted_at);
CREATE INDEX application_follows ON application (follows);

UPDATE store_mark SET value = 14 WHERE name = 'schema';
