-- H2 writes commits to its file half a second later by default; this setting persists in the file
SET WRITE_DELAY 0;
