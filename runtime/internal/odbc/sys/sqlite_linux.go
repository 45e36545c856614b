//go:build cgo

package sys

// #cgo LDFLAGS: -ldl
// #include <dlfcn.h>
//
// // sqliteConfig is sqlite3_config, in the library that Debian's driver is linked with.
// static void sqliteConfig(int threading, int memStatus) {
// 	void *library = dlopen("libsqlite3.so.0", RTLD_NOW | RTLD_LOCAL);
// 	int (*config)(int, ...) = library ? (int (*)(int, ...))dlsym(library, "sqlite3_config") : NULL;
// 	if (config) {
// 		config(threading);
// 		config(memStatus, 0);
// 	}
// }
import "C"

// SQLiteWithoutLocks makes SQLite take no mutex where none is needed. A row takes
// some hundred of them, which cost nothing in a C program of one thread and a third
// of the time of a query in a Go program, which has several.
//
// A connection that is opened from now on has no mutex unless it asks for one
// (SQLITE_OPEN_FULLMUTEX): it is for one thread at a time. Through ODBC it always
// was, since sqliteodbc 0.9998 guards nothing of its own. Memory is not counted:
// sqlite3_memory_used answers 0, and there is no soft heap limit.
//
// Where SQLite is in use already, or not there, nothing changes.
func SQLiteWithoutLocks() {
	const multiThread, memStatus = 2, 9 // SQLITE_CONFIG_MULTITHREAD, SQLITE_CONFIG_MEMSTATUS
	C.sqliteConfig(multiThread, memStatus)
}
