-- Without an index for prefixes of one character, a search for `a` reads every word that begins with it, in all accounts.
DROP TABLE `tickets_fts`;
--> statement-breakpoint
CREATE VIRTUAL TABLE `tickets_fts` USING fts5(
	title, description, scope,
	content='tickets_search', content_rowid='seq',
	tokenize="unicode61 remove_diacritics 2", prefix='1 2 3'
);
--> statement-breakpoint
INSERT INTO `tickets_fts` (`tickets_fts`) VALUES ('rebuild');
