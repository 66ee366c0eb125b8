ALTER TABLE `users` ADD `folded_name` text;--> statement-breakpoint
ALTER TABLE `users` ADD `folded_email` text;--> statement-breakpoint
CREATE INDEX `users_by_search` ON `users` (`account_id`,`role`,`status`,`created_at`,`id`,`folded_name`,`folded_email`) WHERE kind = 'person' AND folded_name IS NOT NULL;--> statement-breakpoint
ALTER TABLE `tickets` ADD `search_id` integer;--> statement-breakpoint
ALTER TABLE `tickets` ADD `title_tokens` text;--> statement-breakpoint
ALTER TABLE `tickets` ADD `description_tokens` text;--> statement-breakpoint
CREATE UNIQUE INDEX `tickets_by_search_id` ON `tickets` (`search_id`);
--> statement-breakpoint
-- The Worker makes the tokens: `title_tokens` and `description_tokens` are 13 characters that stand for the account, and the
-- tokens, separated by spaces. In the index each token begins with these characters, so that a search reads no other account's tokens.
CREATE VIEW `ticket_tokens` AS
SELECT `seq`, `search_id`,
	replace(substr(`title_tokens`, 14), ' ', ' ' || substr(`title_tokens`, 1, 13)) AS `title`,
	replace(substr(`description_tokens`, 14), ' ', ' ' || substr(`title_tokens`, 1, 13)) AS `description`,
	substr(`title_tokens`, 1, 13) || lower(hex(`created_by`)) AS `creator`
FROM `tickets` WHERE `search_id` IS NOT NULL;
--> statement-breakpoint
-- The tokenizer splits at ASCII punctuation and spaces. The signs named here are the only ones that tokens contain.
CREATE VIRTUAL TABLE `ticket_search` USING fts5(
	title, description, creator,
	content='ticket_tokens', content_rowid='search_id',
	tokenize="ascii tokenchars '#$%+<=>|~'", prefix='14 15'
);
--> statement-breakpoint
-- Without this, the index keeps the words of a deleted ticket until its segments are merged.
INSERT INTO `ticket_search` (`ticket_search`, rank) VALUES ('secure-delete', 1);
--> statement-breakpoint
CREATE TRIGGER `ticket_search_insert` AFTER INSERT ON `tickets` WHEN new.`search_id` IS NOT NULL BEGIN
	INSERT INTO `ticket_search` (rowid, title, description, creator)
	VALUES (new.`search_id`,
		replace(substr(new.`title_tokens`, 14), ' ', ' ' || substr(new.`title_tokens`, 1, 13)),
		replace(substr(new.`description_tokens`, 14), ' ', ' ' || substr(new.`title_tokens`, 1, 13)),
		substr(new.`title_tokens`, 1, 13) || lower(hex(new.`created_by`)));
END;
--> statement-breakpoint
CREATE TRIGGER `ticket_search_delete` AFTER DELETE ON `tickets` WHEN old.`search_id` IS NOT NULL BEGIN
	INSERT INTO `ticket_search` (`ticket_search`, rowid, title, description, creator)
	VALUES ('delete', old.`search_id`,
		replace(substr(old.`title_tokens`, 14), ' ', ' ' || substr(old.`title_tokens`, 1, 13)),
		replace(substr(old.`description_tokens`, 14), ' ', ' ' || substr(old.`title_tokens`, 1, 13)),
		substr(old.`title_tokens`, 1, 13) || lower(hex(old.`created_by`)));
END;
--> statement-breakpoint
CREATE TRIGGER `ticket_search_update` AFTER UPDATE OF `search_id`, `title_tokens`, `description_tokens`, `created_by` ON `tickets`
WHEN old.`search_id` IS NOT new.`search_id` OR new.`search_id` IS NOT NULL AND (old.`title_tokens` IS NOT new.`title_tokens`
	OR old.`description_tokens` IS NOT new.`description_tokens` OR old.`created_by` IS NOT new.`created_by`)
BEGIN
	INSERT INTO `ticket_search` (`ticket_search`, rowid, title, description, creator)
	SELECT 'delete', old.`search_id`,
		replace(substr(old.`title_tokens`, 14), ' ', ' ' || substr(old.`title_tokens`, 1, 13)),
		replace(substr(old.`description_tokens`, 14), ' ', ' ' || substr(old.`title_tokens`, 1, 13)),
		substr(old.`title_tokens`, 1, 13) || lower(hex(old.`created_by`))
	WHERE old.`search_id` IS NOT NULL;
	INSERT INTO `ticket_search` (rowid, title, description, creator)
	SELECT new.`search_id`,
		replace(substr(new.`title_tokens`, 14), ' ', ' ' || substr(new.`title_tokens`, 1, 13)),
		replace(substr(new.`description_tokens`, 14), ' ', ' ' || substr(new.`title_tokens`, 1, 13)),
		substr(new.`title_tokens`, 1, 13) || lower(hex(new.`created_by`))
	WHERE new.`search_id` IS NOT NULL;
END;
--> statement-breakpoint
-- The old index serves searches until the sweep has filled the new one. Entries that exist are kept correct.
DROP TRIGGER `tickets_fts_insert`;
--> statement-breakpoint
CREATE TRIGGER `tickets_fts_insert` AFTER INSERT ON `tickets`
WHEN EXISTS (SELECT 1 FROM `backfills` WHERE `name` = 'search')
BEGIN
	INSERT INTO `tickets_fts` (rowid, title, description, scope)
	VALUES (new.`seq`, new.`title`, new.`description`,
		'zq' || lower(hex(new.`account_id`)) || ' zr' || lower(hex(new.`created_by`)));
END;
--> statement-breakpoint
DROP TRIGGER `tickets_fts_delete`;
--> statement-breakpoint
CREATE TRIGGER `tickets_fts_delete` AFTER DELETE ON `tickets`
WHEN EXISTS (SELECT 1 FROM `tickets_fts_docsize` WHERE `id` = old.`seq`)
BEGIN
	INSERT INTO `tickets_fts` (`tickets_fts`, rowid, title, description, scope)
	VALUES ('delete', old.`seq`, old.`title`, old.`description`,
		'zq' || lower(hex(old.`account_id`)) || ' zr' || lower(hex(old.`created_by`)));
END;
--> statement-breakpoint
DROP TRIGGER `tickets_fts_update`;
--> statement-breakpoint
CREATE TRIGGER `tickets_fts_update` AFTER UPDATE OF `title`, `description`, `created_by` ON `tickets`
WHEN (old.`title` IS NOT new.`title` OR old.`description` IS NOT new.`description`
	OR old.`created_by` IS NOT new.`created_by`)
	AND EXISTS (SELECT 1 FROM `tickets_fts_docsize` WHERE `id` = old.`seq`)
BEGIN
	INSERT INTO `tickets_fts` (`tickets_fts`, rowid, title, description, scope)
	VALUES ('delete', old.`seq`, old.`title`, old.`description`,
		'zq' || lower(hex(old.`account_id`)) || ' zr' || lower(hex(old.`created_by`)));
	INSERT INTO `tickets_fts` (rowid, title, description, scope)
	VALUES (new.`seq`, new.`title`, new.`description`,
		'zq' || lower(hex(new.`account_id`)) || ' zr' || lower(hex(new.`created_by`)));
END;
--> statement-breakpoint
INSERT INTO `backfills` (`name`, `position`) SELECT 'search', '' WHERE EXISTS (SELECT 1 FROM `users`);
