-- keeps: 0016
-- No statement looks for role sessions by person or for grants by session: every session that is
-- made, and every grant, kept these two indexes for nothing.
DROP INDEX role_sessions_person;
DROP INDEX token_grants_session;
