ALTER TABLE `logins` ADD `claimed_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `logins` ADD `can_log_in` integer DEFAULT 1 NOT NULL;--> statement-breakpoint
CREATE INDEX `logins_candidates` ON `logins` (`email_key`,`claimed_at`,`user_id`,`account_id`) WHERE can_log_in = 1;--> statement-breakpoint
-- Keeps users that cannot log in out of `logins_candidates`: otherwise other accounts could make the logins of an email slow.
CREATE TRIGGER `users_can_log_in` AFTER UPDATE OF `status`, `password_hash` ON `users`
WHEN old.`status` IS NOT new.`status` OR (old.`password_hash` IS NULL) <> (new.`password_hash` IS NULL)
BEGIN
	UPDATE `logins` SET `can_log_in` = (new.`status` = 'active' AND new.`password_hash` IS NOT NULL)
	WHERE `email_key` = new.`email_key` AND `account_id` = new.`account_id` AND `user_id` = new.`id`;
END;
