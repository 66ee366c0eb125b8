CREATE TABLE `app_secrets` (
	`name` text PRIMARY KEY NOT NULL,
	`known_since` integer NOT NULL
) STRICT, WITHOUT ROWID;
