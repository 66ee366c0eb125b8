CREATE TABLE `api_keys` (
	`account_id` text NOT NULL,
	`id` text NOT NULL,
	`last_four` text NOT NULL,
	`hash` text NOT NULL,
	`previous_hash` text,
	`previous_until` integer,
	`created_at` integer NOT NULL,
	`last_used_at` integer,
	`expires_at` integer,
	`revoked_at` integer,
	PRIMARY KEY(`account_id`, `id`),
	FOREIGN KEY (`account_id`,`id`) REFERENCES `users`(`account_id`,`id`) ON UPDATE no action ON DELETE no action
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `key_directory` (
	`key_id` text PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `login_unlocks` (
	`email_key` text PRIMARY KEY NOT NULL,
	`unlocked_at` integer NOT NULL
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `revoked_tokens` (
	`account_id` text NOT NULL,
	`user_id` text NOT NULL,
	`token_id` text NOT NULL,
	`revoked_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	PRIMARY KEY(`account_id`, `user_id`, `token_id`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `revoked_tokens_by_expiry` ON `revoked_tokens` (`account_id`,`expires_at`);--> statement-breakpoint
ALTER TABLE `users` ADD `spared_token` text;--> statement-breakpoint
CREATE INDEX `users_admins` ON `users` (`account_id`) WHERE kind = 'person' AND role = 'admin' AND status = 'active';
--> statement-breakpoint
-- An account always has an active admin who is a person, under any concurrency.
CREATE TRIGGER `users_guard_last_admin` BEFORE UPDATE OF `role`, `status` ON `users`
WHEN old.`kind` = 'person' AND old.`role` = 'admin' AND old.`status` = 'active'
	AND (new.`role` <> 'admin' OR new.`status` <> 'active')
BEGIN
	SELECT RAISE(ABORT, 'refused:last_admin')
	WHERE NOT EXISTS (
		SELECT 1 FROM `users` WHERE `account_id` = old.`account_id` AND `id` <> old.`id`
			AND `kind` = 'person' AND `role` = 'admin' AND `status` = 'active');
END;
