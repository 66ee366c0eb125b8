CREATE TABLE `backfills` (
	`name` text PRIMARY KEY NOT NULL,
	`position` text DEFAULT '' NOT NULL,
	`is_done` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
ALTER TABLE `users` ADD `folded_name` text;--> statement-breakpoint
ALTER TABLE `users` ADD `folded_email` text;--> statement-breakpoint
CREATE INDEX `users_by_search` ON `users` (`account_id`,`role`,`status`,`created_at`,`id`,`folded_name`,`folded_email`) WHERE kind = 'person' AND folded_name IS NOT NULL;--> statement-breakpoint
ALTER TABLE `tickets` ADD `search_id` integer;--> statement-breakpoint
ALTER TABLE `tickets` ADD `title_tokens` text;--> statement-breakpoint
ALTER TABLE `tickets` ADD `description_tokens` text;--> statement-breakpoint
CREATE UNIQUE INDEX `tickets_by_search_id` ON `tickets` (`search_id`);
--> statement-breakpoint
-- The Worker makes the tokens. Each begins with a key of its account (13 characters), so that a search reads no other account's
-- tokens. The tokenizer only splits at spaces: of ASCII, the signs named here are the only ones that tokens contain.
CREATE VIRTUAL TABLE `ticket_search` USING fts5(
	title, description, creator,
	content='', contentless_delete=1,
	tokenize="ascii tokenchars '#$%+<=>|~'", prefix='14 15'
);
--> statement-breakpoint
-- `title_tokens` and `description_tokens` are the key and the tokens without it, separated by spaces.
CREATE TRIGGER `ticket_search_insert` AFTER INSERT ON `tickets` WHEN new.`search_id` IS NOT NULL BEGIN
	INSERT INTO `ticket_search` (rowid, title, description, creator)
	VALUES (new.`search_id`,
		replace(substr(new.`title_tokens`, 14), ' ', ' ' || substr(new.`title_tokens`, 1, 13)),
		replace(substr(new.`description_tokens`, 14), ' ', ' ' || substr(new.`title_tokens`, 1, 13)),
		substr(new.`title_tokens`, 1, 13) || lower(hex(new.`created_by`)));
END;
--> statement-breakpoint
CREATE TRIGGER `ticket_search_delete` AFTER DELETE ON `tickets` WHEN old.`search_id` IS NOT NULL BEGIN
	DELETE FROM `ticket_search` WHERE rowid = old.`search_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `ticket_search_update` AFTER UPDATE OF `search_id`, `title_tokens`, `description_tokens`, `created_by` ON `tickets`
WHEN old.`search_id` IS NOT new.`search_id` OR new.`search_id` IS NOT NULL AND (old.`title_tokens` IS NOT new.`title_tokens`
	OR old.`description_tokens` IS NOT new.`description_tokens` OR old.`created_by` IS NOT new.`created_by`)
BEGIN
	DELETE FROM `ticket_search` WHERE rowid = old.`search_id`;
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
WHEN (SELECT `is_done` FROM `backfills` WHERE `name` = 'search') IS NOT 1
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
INSERT INTO `backfills` (`name`, `is_done`) SELECT 'search', NOT EXISTS (SELECT 1 FROM `users`);
