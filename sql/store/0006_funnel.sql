-- How often each page of the application was shown, answered and refused: sums of a day, of nobody.
--
-- No account, no draft, no address of a network, no time finer than a day, nothing that was typed. Processes add to a row;
-- none overwrites what another has added.

CREATE TABLE funnel (
    -- When the day began, UTC.
    day BIGINT NOT NULL,
    -- The language of the page: `en`, `es`.
    lang TEXT NOT NULL,
    -- A page's name, of the one list of what is asked; and `begin`, `check`, `sign`.
    step TEXT NOT NULL,
    -- `shown`, `answered`, `refused`; `field`: a question was among what was refused.
    event TEXT NOT NULL,
    -- The question's name, for `field`; else empty.
    field TEXT NOT NULL,
    counted BIGINT NOT NULL,
    PRIMARY KEY (day, lang, step, event, field)
);

UPDATE store_mark SET value = 6 WHERE name = 'schema';
