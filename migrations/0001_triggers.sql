-- Full text. The scope holds a token for the account and one for the creator, hexadecimal because the tokenizer folds
-- case and splits at hyphens: 'acct_a-b' and 'acct_A-B' would else be one account to it.
CREATE VIEW `tickets_search` AS
SELECT `seq`, `title`, `description`,
	'zq' || lower(hex(`account_id`)) || ' zr' || lower(hex(`created_by`)) AS `scope`
FROM `tickets`;
--> statement-breakpoint
CREATE VIRTUAL TABLE `tickets_fts` USING fts5(
	title, description, scope,
	content='tickets_search', content_rowid='seq',
	tokenize="unicode61 remove_diacritics 2", prefix='2 3'
);
--> statement-breakpoint
CREATE TRIGGER `tickets_fts_insert` AFTER INSERT ON `tickets` BEGIN
	INSERT INTO `tickets_fts` (rowid, title, description, scope)
	VALUES (new.`seq`, new.`title`, new.`description`,
		'zq' || lower(hex(new.`account_id`)) || ' zr' || lower(hex(new.`created_by`)));
END;
--> statement-breakpoint
CREATE TRIGGER `tickets_fts_delete` AFTER DELETE ON `tickets` BEGIN
	INSERT INTO `tickets_fts` (`tickets_fts`, rowid, title, description, scope)
	VALUES ('delete', old.`seq`, old.`title`, old.`description`,
		'zq' || lower(hex(old.`account_id`)) || ' zr' || lower(hex(old.`created_by`)));
END;
--> statement-breakpoint
CREATE TRIGGER `tickets_fts_update` AFTER UPDATE OF `title`, `description`, `created_by` ON `tickets`
WHEN old.`title` IS NOT new.`title` OR old.`description` IS NOT new.`description`
	OR old.`created_by` IS NOT new.`created_by`
BEGIN
	INSERT INTO `tickets_fts` (`tickets_fts`, rowid, title, description, scope)
	VALUES ('delete', old.`seq`, old.`title`, old.`description`,
		'zq' || lower(hex(old.`account_id`)) || ' zr' || lower(hex(old.`created_by`)));
	INSERT INTO `tickets_fts` (rowid, title, description, scope)
	VALUES (new.`seq`, new.`title`, new.`description`,
		'zq' || lower(hex(new.`account_id`)) || ' zr' || lower(hex(new.`created_by`)));
END;
--> statement-breakpoint
-- Totals.
CREATE TRIGGER `ticket_counters_insert` AFTER INSERT ON `tickets` BEGIN
	INSERT INTO `ticket_counters` (`account_id`, `dimension`, `value`, `status`, `priority`, `count`)
	VALUES (new.`account_id`, 'all', '', new.`status`, new.`priority`, 1),
		(new.`account_id`, 'assignee', coalesce(new.`assigned_to`, ''), new.`status`, new.`priority`, 1),
		(new.`account_id`, 'creator', new.`created_by`, new.`status`, new.`priority`, 1)
	ON CONFLICT DO UPDATE SET `count` = `count` + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `ticket_counters_delete` AFTER DELETE ON `tickets` BEGIN
	UPDATE `ticket_counters` SET `count` = `count` - 1
	WHERE `account_id` = old.`account_id` AND `status` = old.`status` AND `priority` = old.`priority`
		AND (`dimension`, `value`) IN
			(VALUES ('all', ''), ('assignee', coalesce(old.`assigned_to`, '')), ('creator', old.`created_by`));
END;
--> statement-breakpoint
CREATE TRIGGER `ticket_counters_update` AFTER UPDATE OF `status`, `priority`, `assigned_to`, `created_by` ON `tickets`
WHEN old.`status` IS NOT new.`status` OR old.`priority` IS NOT new.`priority`
	OR old.`assigned_to` IS NOT new.`assigned_to` OR old.`created_by` IS NOT new.`created_by`
BEGIN
	UPDATE `ticket_counters` SET `count` = `count` - 1
	WHERE `account_id` = old.`account_id` AND `status` = old.`status` AND `priority` = old.`priority`
		AND (`dimension`, `value`) IN
			(VALUES ('all', ''), ('assignee', coalesce(old.`assigned_to`, '')), ('creator', old.`created_by`));
	INSERT INTO `ticket_counters` (`account_id`, `dimension`, `value`, `status`, `priority`, `count`)
	VALUES (new.`account_id`, 'all', '', new.`status`, new.`priority`, 1),
		(new.`account_id`, 'assignee', coalesce(new.`assigned_to`, ''), new.`status`, new.`priority`, 1),
		(new.`account_id`, 'creator', new.`created_by`, new.`status`, new.`priority`, 1)
	ON CONFLICT DO UPDATE SET `count` = `count` + 1;
END;
--> statement-breakpoint
-- Tags.
CREATE TRIGGER `ticket_tags_insert` AFTER INSERT ON `tickets` BEGIN
	INSERT INTO `ticket_tags` (`account_id`, `tag`, `ticket_seq`)
	SELECT new.`account_id`, value, new.`seq` FROM json_each(new.`tags`);
END;
--> statement-breakpoint
CREATE TRIGGER `ticket_tags_update` AFTER UPDATE OF `tags` ON `tickets` WHEN old.`tags` IS NOT new.`tags` BEGIN
	DELETE FROM `ticket_tags`
	WHERE `account_id` = old.`account_id` AND `ticket_seq` = old.`seq`
		AND `tag` IN (SELECT value FROM json_each(old.`tags`));
	INSERT INTO `ticket_tags` (`account_id`, `tag`, `ticket_seq`)
	SELECT new.`account_id`, value, new.`seq` FROM json_each(new.`tags`);
END;
--> statement-breakpoint
CREATE TRIGGER `ticket_tags_delete` AFTER DELETE ON `tickets` BEGIN
	DELETE FROM `ticket_tags`
	WHERE `account_id` = old.`account_id` AND `ticket_seq` = old.`seq`
		AND `tag` IN (SELECT value FROM json_each(old.`tags`));
END;
--> statement-breakpoint
-- Counts of a ticket's comments and attachments.
CREATE TRIGGER `comments_count_insert` AFTER INSERT ON `comments` BEGIN
	UPDATE `tickets` SET
		`public_comments` = `public_comments` + 1 - new.`is_internal`,
		`internal_comments` = `internal_comments` + new.`is_internal`
	WHERE `account_id` = new.`account_id` AND `id` = new.`ticket_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `comments_count_delete` AFTER DELETE ON `comments` BEGIN
	UPDATE `tickets` SET
		`public_comments` = `public_comments` - 1 + old.`is_internal`,
		`internal_comments` = `internal_comments` - old.`is_internal`
	WHERE `account_id` = old.`account_id` AND `id` = old.`ticket_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `attachments_count_insert` AFTER INSERT ON `attachments` BEGIN
	UPDATE `tickets` SET
		`public_attachments` = `public_attachments` + 1 - new.`is_internal`,
		`internal_attachments` = `internal_attachments` + new.`is_internal`
	WHERE `account_id` = new.`account_id` AND `id` = new.`ticket_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `attachments_count_delete` AFTER DELETE ON `attachments` BEGIN
	UPDATE `tickets` SET
		`public_attachments` = `public_attachments` - 1 + old.`is_internal`,
		`internal_attachments` = `internal_attachments` - old.`is_internal`
	WHERE `account_id` = old.`account_id` AND `id` = old.`ticket_id`;
END;
--> statement-breakpoint
-- Rules that must hold against live values, under any concurrency. A refusal rolls the whole batch back; its name is
-- what src/db/errors.ts looks for.
CREATE TRIGGER `tickets_guard_insert` BEFORE INSERT ON `tickets` BEGIN
	SELECT RAISE(ABORT, 'refused:reference')
	WHERE (new.`assigned_to` IS NOT NULL AND NOT EXISTS (
			SELECT 1 FROM `users` WHERE `account_id` = new.`account_id` AND `id` = new.`assigned_to`
				AND `kind` = 'person' AND `status` = 'active' AND `role` IN ('admin', 'agent')))
		OR NOT EXISTS (SELECT 1 FROM `users` WHERE `account_id` = new.`account_id` AND `id` = new.`created_by`);
END;
--> statement-breakpoint
CREATE TRIGGER `tickets_guard_assignee` BEFORE UPDATE OF `assigned_to` ON `tickets`
WHEN new.`assigned_to` IS NOT NULL AND new.`assigned_to` IS NOT old.`assigned_to` BEGIN
	SELECT RAISE(ABORT, 'refused:reference')
	WHERE NOT EXISTS (
		SELECT 1 FROM `users` WHERE `account_id` = new.`account_id` AND `id` = new.`assigned_to`
			AND `kind` = 'person' AND `status` = 'active' AND `role` IN ('admin', 'agent'));
END;
--> statement-breakpoint
CREATE TRIGGER `tickets_guard_creator` BEFORE UPDATE OF `created_by` ON `tickets`
WHEN new.`created_by` IS NOT old.`created_by` BEGIN
	SELECT RAISE(ABORT, 'refused:reference')
	WHERE NOT EXISTS (
		SELECT 1 FROM `users` WHERE `account_id` = new.`account_id` AND `id` = new.`created_by` AND `kind` = 'person');
END;
--> statement-breakpoint
CREATE TRIGGER `tickets_guard_tags` BEFORE UPDATE OF `tags` ON `tickets`
WHEN json_array_length(new.`tags`) > 20 BEGIN
	SELECT RAISE(ABORT, 'refused:tags');
END;
--> statement-breakpoint
CREATE TRIGGER `tickets_guard_custom_fields` BEFORE UPDATE OF `custom_fields` ON `tickets`
WHEN new.`custom_fields` IS NOT old.`custom_fields` BEGIN
	SELECT RAISE(ABORT, 'refused:custom_fields')
	WHERE (SELECT count(*) FROM json_each(new.`custom_fields`)) > 50;
END;
--> statement-breakpoint
CREATE TRIGGER `tickets_guard_attachments` BEFORE UPDATE OF `public_attachments`, `internal_attachments` ON `tickets`
WHEN new.`public_attachments` + new.`internal_attachments` > 500
	AND new.`public_attachments` + new.`internal_attachments` > old.`public_attachments` + old.`internal_attachments`
BEGIN
	SELECT RAISE(ABORT, 'refused:attachments');
END;
