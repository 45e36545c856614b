//go:build cgo

package sys

// #define _GNU_SOURCE
// #include <link.h>
// #include <string.h>
// #include <sys/mman.h>
// #include <unistd.h>
//
// static int refuseSingleRowMode(void *connection) { return 0; }
//
// // addressOf takes an address of the dynamic section, which not every C library has
// // moved to where the library lies.
// static char *addressOf(struct dl_phdr_info *library, ElfW(Addr) p) {
// 	return (char *)(p < library->dlpi_addr ? p + library->dlpi_addr : p);
// }
//
// // point makes a slot of the library's table of functions point to f. Linkers may have
// // the table protected once it is filled.
// static int point(struct dl_phdr_info *library, void **slot, void *f) {
// 	size_t page = sysconf(_SC_PAGESIZE);
// 	char *from = (char *)((size_t)slot / page * page);
// 	if (*slot == f) return 1;
// 	if (mprotect(from, page, PROT_READ | PROT_WRITE) != 0) return 0;
// 	__atomic_store_n(slot, f, __ATOMIC_SEQ_CST);
// 	for (int i = 0; i < library->dlpi_phnum; i++) {
// 		const ElfW(Phdr) *h = &library->dlpi_phdr[i];
// 		char *begin = (char *)(library->dlpi_addr + h->p_vaddr);
// 		if (h->p_type == PT_GNU_RELRO && (char *)slot >= begin && (char *)slot < begin + h->p_memsz)
// 			mprotect(from, page, PROT_READ);
// 	}
// 	return 1;
// }
//
// // redirect looks through what psqlODBC takes from other libraries.
// static int redirect(struct dl_phdr_info *library, size_t size, void *redirected) {
// 	const char *name = strrchr(library->dlpi_name, '/');
// 	if (strncmp(name ? name + 1 : library->dlpi_name, "psqlodbc", 8) != 0) return 0;
// 	ElfW(Dyn) *d = NULL;
// 	for (int i = 0; i < library->dlpi_phnum; i++)
// 		if (library->dlpi_phdr[i].p_type == PT_DYNAMIC)
// 			d = (ElfW(Dyn) *)(library->dlpi_addr + library->dlpi_phdr[i].p_vaddr);
// 	char *names = NULL, *table[2] = {NULL, NULL};
// 	size_t length[2] = {0, 0};
// 	ElfW(Sym) *symbols = NULL;
// 	for (; d && d->d_tag != DT_NULL; d++) switch (d->d_tag) {
// 		case DT_STRTAB: names = addressOf(library, d->d_un.d_ptr); break;
// 		case DT_SYMTAB: symbols = (ElfW(Sym) *)addressOf(library, d->d_un.d_ptr); break;
// 		case DT_JMPREL: table[0] = addressOf(library, d->d_un.d_ptr); break;
// 		case DT_PLTRELSZ: length[0] = d->d_un.d_val; break;
// 		case DT_RELA: table[1] = addressOf(library, d->d_un.d_ptr); break;
// 		case DT_RELASZ: length[1] = d->d_un.d_val; break;
// 	}
// #if __SIZEOF_POINTER__ == 8 // on others the tables are laid out differently
// 	for (int t = 0; names && symbols && t < 2; t++) {
// 		ElfW(Rela) *r = (ElfW(Rela) *)table[t];
// 		for (size_t n = r ? length[t] / sizeof *r : 0; n > 0; n--, r++)
// 			if (strcmp(names + symbols[ELF64_R_SYM(r->r_info)].st_name, "PQsetSingleRowMode") == 0)
// 				*(int *)redirected += point(library, (void **)(library->dlpi_addr + r->r_offset), refuseSingleRowMode);
// 	}
// #endif
// 	return 0;
// }
//
// static int rowsTogether(void) {
// 	int redirected = 0;
// 	dl_iterate_phdr(redirect, &redirected);
// 	return redirected;
// }
import "C"

// RowsTogether keeps psqlODBC, if it is loaded, from taking the rows of a FETCH out of
// libpq one by one, and reports whether it could. When the connection is lost between two
// of them, psqlODBC 13.02 follows a NULL pointer in CC_from_PGresult, which ends the
// process.
//
// The driver asks libpq for the single row mode and does not look whether it has got it. Its own
// pointer to that function is made one to a function that refuses; nobody else's is. libpq
// then hands out the rows of a round trip together, or an error. A driver that has libpq
// within has no such pointer.
func RowsTogether() bool { return C.rowsTogether() != 0 }
