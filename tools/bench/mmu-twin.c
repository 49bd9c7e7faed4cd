/*
 * The C twin of accesses, faults and address spaces: what a C programmer would write in place of the packages folio and
 * pte-mmu, compiled with -O2. The benchmarks of pte-mmu and mm run it beside them.
 *
 *   mmu-twin serve COMMANDS ANSWERS WORK [NAME=VALUE ...]
 *       COMMANDS and ANSWERS are named pipes. For each byte "b" it puts back what the last round changed, for each "r" it
 *       performs a round; after either, and once when it is ready, it answers with 8 bytes: the result of the round.
 *   mmu-twin time WORK [NAME=VALUE ...]
 *       Performs `rounds` rounds after one that warms up and prints a line of JSON: the fastest and the median, in ns for
 *       one operation, and the result. The caller compares results, so that no work can be left out.
 *
 *   WORK   replay        the accesses of the file `stream`, words of 32 bits: page << 14 | offset << 2 | kind; kind 0 is a
 *                        load, 1 a store of the low byte of the word's number. All pages are mapped.
 *          read-fault    first load of each page: the zero page is mapped
 *          write-fault   first store to each page: a frame is allocated, zeroed and mapped
 *          zero-cow      a store to each page that maps the zero page
 *          cow           a store to each page that two address spaces share: a frame is allocated and copied to
 *          fork          of an address space in which each page has a frame
 *          exit          of such an address space: entries, frames, tables, areas
 *          unmap-zero    of an area in which each page maps the zero page
 *          unmap-anon    of an area in which each page has a frame
 *   NAME   pages (default 4096), rounds (7), stream, tlb-shift (10: log2 of the sets of a TLB), tlb-ways (4), asids (6)
 *
 * What is fair
 *
 * Both sides do these, in this order:
 *   access    the processor has this address space loaded (else: find or recycle an ASID, flush it); tag of page and ASID
 *             equal, way after way (ours begins with the way a page prefers); for a store the entry is known writable and dirty; then the byte is loaded or stored
 *   walk      the hint of the lowest table met last; else four levels, each entry tested; present; writable for a store;
 *             accessed and dirty set in the entry only if missing; the next way of the set is replaced
 *   fault     the area by its hint, else by search; its rights; the event is counted; tables made where missing, with
 *             accounts; what the entry holds decides; the lock byte of the table is tested, set and cleared, and the entry
 *             is looked at again under it; the access then tries again and fills the TLB by a walk of its own
 *   frame     a buddy allocator with free lists, frontier, block kinds and the account of free frames; one reference, then
 *             flags, mapping, index, map count; on the way out the same are tested and cleared, and buddies merge
 *   bytes     4096 bytes are zeroed or copied in fact; the TLB is flushed before an entry that was replaced may be used,
 *             and before a frame is freed
 * Only we do these: bounds checks of typed arrays; thrown errors for a caller's mistakes (here a few aborts); fault
 * injection in the allocator; counting walks, and zeroed and copied bytes; finding the chunk of memory that holds a frame; calls
 * through the seams to a tracer and to files; system call arguments.
 * Only the twin does these: an entry is one word of 64 bits, where we hold two of 32 and compute with doubles; sizes are
 * known to be below 2^32 where they are; the compiler sees the whole program at once.
 * Neither does these: an LRU, memory cgroups, large folios.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;

#define PAGE 4096u
#define NOT_INLINED __attribute__((noinline))
#define LIKELY(is) __builtin_expect(!!(is), 1)

/* What can only be a defect of this program. */
static void expect(int is, const char *what) {
	if (LIKELY(is)) return;
	fprintf(stderr, "mmu-twin: %s\n", what);
	exit(1);
}
/* Zeros that take memory when they are first touched, as our reserved columns do. */
static void *column(u64 items, u64 size) {
	u64 bytes = items * size;
	void *at = mmap(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	expect(at != MAP_FAILED, "no memory");
	return at;
}

/* Frames: folios.ts, buddy-allocator.ts, folio-columns.ts. Frame 0 is the zero page. */

#define ORDERS 11
#define NO_FRAME 0xffffffffu
#define ZERO_PFN 0u
enum { NOTHING = 0, HEAD = 0x10, FREE = 0x30, KIND = 0x70, ORDER = 0x0f };
enum { LOCKED = 1 << 0, UPTODATE = 1 << 3, SWAPBACKED = 1 << 17, EXCLUSIVE = 1 << 18, BUSY = LOCKED };
static u8 *bytes, *block, zone_lock;
static u32 *flags, *refcount, *pincount, *mapcount, *mapping, *next, *previous;
static double *page_index;
static u32 heads[ORDERS], frontier, end_pfn, free_frames, used_frames, peak_frames;

static u8 *page_at(u32 pfn) { return bytes + (u64)pfn * PAGE; }

static int is_free(u32 pfn, u32 order) { return pfn < end_pfn && block[pfn] == (FREE | order); }
static void add_free(u32 pfn, u32 order) {
	expect(block[pfn] == NOTHING, "a frame is freed twice");
	u32 first = heads[order];
	block[pfn] = (u8)(FREE | order);
	next[pfn] = first;
	if (first) previous[first] = pfn;
	heads[order] = pfn;
	free_frames += 1u << order;
}
static void remove_free(u32 pfn, u32 order) {
	expect(is_free(pfn, order), "no such block is free");
	if (previous[pfn]) next[previous[pfn]] = next[pfn]; else heads[order] = next[pfn];
	if (next[pfn]) previous[next[pfn]] = previous[pfn];
	next[pfn] = previous[pfn] = 0;
	block[pfn] = NOTHING;
	free_frames -= 1u << order;
}
static u32 advance_frontier(u32 order) {
	while (frontier < end_pfn) {
		u32 pfn = frontier, size = 0;
		while (size < ORDERS - 1 && pfn % (2u << size) == 0 && pfn + (2u << size) <= end_pfn) size++;
		free_frames -= 1u << size;
		frontier += 1u << size;
		add_free(pfn, size);
		if (size >= order) return size;
	}
	return NO_FRAME;
}
NOT_INLINED static u32 allocate_frame(void) {
	zone_lock = 1;
	u32 from = 0;
	while (from < ORDERS && !heads[from]) from++;
	if (from == ORDERS) from = advance_frontier(0);
	if (from == NO_FRAME) { zone_lock = 0; return NO_FRAME; }
	u32 pfn = heads[from];
	remove_free(pfn, from);
	while (from-- > 0) add_free(pfn + (1u << from), from);
	zone_lock = 0;
	block[pfn] = HEAD;
	refcount[pfn] = 1;
	if (++used_frames > peak_frames) peak_frames = used_frames;
	return pfn;
}
static void get_frame(u32 pfn) {
	expect(refcount[pfn] != 0 && refcount[pfn] < 0x7fffffff, "a reference without one");
	refcount[pfn]++;
}
NOT_INLINED static void put_frame(u32 pfn) {
	expect((block[pfn] & KIND) == HEAD && refcount[pfn] != 0, "a frame is put without a reference");
	expect(pincount[pfn] == 0, "a frame is put while it is pinned");
	if (--refcount[pfn] != 0) return;
	expect(mapcount[pfn] == 0 && !(flags[pfn] & BUSY), "a frame is freed while it is mapped");
	block[pfn] = NOTHING;
	flags[pfn] = mapping[pfn] = 0;
	page_index[pfn] = 0;
	used_frames--;
	zone_lock = 1;
	u32 order = 0;
	while (order < ORDERS - 1) {
		u32 buddy = pfn ^ (1u << order);
		if (!is_free(buddy, order)) break;
		remove_free(buddy, order);
		pfn &= buddy;
		order++;
	}
	add_free(pfn, order);
	zone_lock = 0;
}

/* Page tables: pte.ts, page-tables.ts. A slot names an entry: table << 9 | index. Table n stands in an entry as n + 1. */

#define TABLE_SHIFT 9
#define TABLE_MASK 511u
#define LEVELS 4
#define NO_SLOT 0xffffffffu
#define PTE_PRESENT 0x001ull
#define PTE_WRITABLE 0x002ull
#define PTE_USER 0x004ull
#define PTE_ACCESSED 0x020ull
#define PTE_DIRTY 0x040ull
#define PTE_SPECIAL 0x200ull
#define PTE_NX (1ull << 63)
#define MMS 8u
#define EVERY_ENTRY (PTE_PRESENT | PTE_USER | PTE_ACCESSED | PTE_NX)
static u64 *entries;
static u8 *table_lock;
static u32 *free_table, table_end, tables_made, tables_free; /* free_table: a stack */
static u32 root[MMS], mm_tables[MMS], last_slot[MMS];
static u64 last_run[MMS];

static u64 pte_of(u32 pfn, u64 bits) { return (u64)pfn << 12 | bits; }
static u32 pte_pfn(u64 pte) { return (u32)(pte >> 12); }

static u32 allocate_table(u32 mm) {
	u32 table = tables_free ? free_table[--tables_free] : tables_made < table_end ? ++tables_made : 0;
	if (table) mm_tables[mm]++;
	return table;
}
static u32 slot_in(u32 table, u32 level, u64 page) { return (table - 1) << TABLE_SHIFT | ((u32)(page >> (level * TABLE_SHIFT)) & TABLE_MASK); }
static u32 found(u32 mm, u64 page, u32 table) {
	last_run[mm] = (page >> TABLE_SHIFT) + 1;
	last_slot[mm] = (table - 1) << TABLE_SHIFT;
	return last_slot[mm] | ((u32)page & TABLE_MASK);
}
static u32 slot_of(u32 mm, u64 page) {
	if (last_run[mm] == (page >> TABLE_SHIFT) + 1) return last_slot[mm] | ((u32)page & TABLE_MASK);
	u32 table = root[mm];
	for (u32 level = LEVELS - 1; level > 0 && table; level--) table = (u32)(entries[slot_in(table, level, page)] >> 12);
	return table ? found(mm, page, table) : NO_SLOT;
}
static u32 create_slot(u32 mm, u64 page) {
	if (last_run[mm] == (page >> TABLE_SHIFT) + 1) return last_slot[mm] | ((u32)page & TABLE_MASK);
	if (!root[mm]) root[mm] = allocate_table(mm);
	u32 table = root[mm];
	for (u32 level = LEVELS - 1; level > 0 && table; level--) {
		u64 *entry = &entries[slot_in(table, level, page)];
		if (!*entry && (table = allocate_table(mm))) *entry = (u64)table << 12 | PTE_PRESENT;
		table = (u32)(*entry >> 12);
	}
	return table ? found(mm, page, table) : NO_SLOT;
}
static void free_tables_of(u32 mm, u32 table, u32 level) {
	u64 *entry = entries + ((u64)(table - 1) << TABLE_SHIFT);
	for (u32 nth = 0; level > 0 && nth <= TABLE_MASK; nth++)
		if (entry[nth]) {
			free_tables_of(mm, (u32)(entry[nth] >> 12), level - 1);
			entry[nth] = 0;
		}
	free_table[tables_free++] = table;
	mm_tables[mm]--;
}
static void free_tables(u32 mm) {
	if (root[mm]) free_tables_of(mm, root[mm], LEVELS - 1);
	root[mm] = 0;
	last_run[mm] = 0;
}
static void lock(u32 slot) {
	expect(table_lock[slot >> TABLE_SHIFT] == 0, "a table is locked");
	table_lock[slot >> TABLE_SHIFT] = 1;
}
static void unlock(u32 slot) { table_lock[slot >> TABLE_SHIFT] = 0; }

/* TLBs: tlbs.ts. A tag is page << 6 | ASID + 1, 0 is an empty entry. */

#define CPUS 1u
#define ASIDS_AT_MOST 62u
#define MISS (-1)
#define FLUSH_CEILING 33
static u64 *tlb_tag;
static u32 *tlb_pfn, tlb_shift, tlb_ways, asids;
static u8 *tlb_dirty, *tlb_next; /* 1: writable and known dirty; the way of a set that is replaced next */
static u32 loaded_mm[CPUS], loaded_asid[CPUS], next_asid[CPUS], asid_mm[CPUS][ASIDS_AT_MOST]; /* mm + 1, 0 is none */
static u32 mm_cpus[MMS];

static u32 set_of(u32 cpu, u64 page) { return cpu << tlb_shift | ((u32)page & ((1u << tlb_shift) - 1)); }

static void flush_asid(u32 cpu, u32 asid) {
	u64 first = ((u64)cpu << tlb_shift) * tlb_ways, last = first + ((u64)1 << tlb_shift) * tlb_ways;
	for (u64 at = first; at < last; at++) if ((tlb_tag[at] & 63) == asid + 1) tlb_tag[at] = 0;
}
NOT_INLINED static void switch_mm(u32 cpu, u32 mm) {
	u32 asid = 0;
	while (asid < asids && asid_mm[cpu][asid] != mm + 1) asid++;
	if (asid == asids) {
		asid = next_asid[cpu];
		next_asid[cpu] = (asid + 1) % asids;
		flush_asid(cpu, asid);
		asid_mm[cpu][asid] = mm + 1;
	}
	loaded_asid[cpu] = asid;
	loaded_mm[cpu] = mm + 1;
	mm_cpus[mm] |= 1u << cpu;
}
static void flush_page(u32 mm, u64 page) {
	for (u32 cpu = 0; cpu < CPUS; cpu++)
		for (u32 asid = 0; mm_cpus[mm] >> cpu & 1 && asid < asids; asid++)
			if (asid_mm[cpu][asid] == mm + 1) {
				u64 at = (u64)set_of(cpu, page) * tlb_ways, tag = page << 6 | (asid + 1);
				for (u32 way = 0; way < tlb_ways; way++) if (tlb_tag[at + way] == tag) tlb_tag[at + way] = 0;
			}
}
static void flush_range(u32 mm, u64 first, u64 end) {
	if (end - first <= FLUSH_CEILING) {
		for (u64 page = first; page < end; page++) flush_page(mm, page);
		return;
	}
	for (u32 cpu = 0; cpu < CPUS; cpu++)
		for (u32 asid = 0; mm_cpus[mm] >> cpu & 1 && asid < asids; asid++) if (asid_mm[cpu][asid] == mm + 1) flush_asid(cpu, asid);
}
/* The walk of the hardware. Answers the entry of the TLB, or MISS: the page is absent, or read-only. */
NOT_INLINED static int64_t fill(u32 cpu, u32 mm, u64 page, int is_store) {
	u32 slot = slot_of(mm, page);
	if (slot == NO_SLOT) return MISS;
	u64 pte = entries[slot];
	if (!(pte & PTE_PRESENT) || (is_store && !(pte & PTE_WRITABLE))) return MISS;
	u64 missing = ~pte & (is_store ? PTE_ACCESSED | PTE_DIRTY : PTE_ACCESSED);
	if (missing) entries[slot] = pte |= missing;
	u32 set = set_of(cpu, page), way = 0;
	u64 at = (u64)set * tlb_ways, tag = page << 6 | (loaded_asid[cpu] + 1);
	while (way < tlb_ways && tlb_tag[at + way] != tag) way++;
	if (way == tlb_ways) {
		way = tlb_next[set];
		tlb_next[set] = way + 1 == tlb_ways ? 0 : (u8)(way + 1);
	}
	at += way;
	tlb_tag[at] = tag;
	tlb_pfn[at] = pte_pfn(pte);
	tlb_dirty[at] = (pte & PTE_WRITABLE) && (pte & PTE_DIRTY);
	return (int64_t)at;
}
static inline int64_t look_up(u32 cpu, u32 mm, u64 page) {
	if (loaded_mm[cpu] != mm + 1) switch_mm(cpu, mm);
	u64 at = (u64)set_of(cpu, page) * tlb_ways, tag = page << 6 | (loaded_asid[cpu] + 1);
	for (u32 way = 0; way < tlb_ways; way++) if (tlb_tag[at + way] == tag) return (int64_t)(at + way);
	return MISS;
}
static inline int tlb_load8(u32 cpu, u32 mm, u64 page, u32 offset) {
	int64_t at = look_up(cpu, mm, page);
	if (at == MISS && (at = fill(cpu, mm, page, 0)) == MISS) return MISS;
	return page_at(tlb_pfn[at])[offset];
}
static inline int tlb_store8(u32 cpu, u32 mm, u64 page, u32 offset, u8 value) {
	int64_t at = look_up(cpu, mm, page);
	if ((at == MISS || !tlb_dirty[at]) && (at = fill(cpu, mm, page, 1)) == MISS) return MISS;
	page_at(tlb_pfn[at])[offset] = value;
	return 0;
}

/* Areas: those of an address space sorted by their first page, found by a hint or by halving. */

#define AREAS 16u
#define NO_VMA 0xffffffffu
enum { VM_READ = 1, VM_WRITE = 2 };
static u64 vma_first[MMS * AREAS], vma_end[MMS * AREAS];
static u32 vma_flags[MMS * AREAS], vma_anon[MMS * AREAS], vma_count[MMS], vma_hint[MMS], anon_vmas;

/* The first area that ends after `page`, or NO_VMA; the area is a row: mm * AREAS + nth. */
static u32 find_vma(u32 mm, u64 page) {
	u32 hint = vma_hint[mm];
	if (hint && page >= vma_first[hint - 1] && page < vma_end[hint - 1]) return hint - 1;
	u32 low = mm * AREAS, high = low + vma_count[mm], end = high;
	while (low < high) {
		u32 middle = (low + high) / 2;
		if (vma_end[middle] > page) high = middle; else low = middle + 1;
	}
	if (low == end) return NO_VMA;
	vma_hint[mm] = low + 1;
	return low;
}
static void map_area(u32 mm, u64 first, u64 count, u32 rights) {
	u32 row = mm * AREAS + vma_count[mm];
	expect(vma_count[mm] < AREAS, "no room for an area");
	for (; row > mm * AREAS && vma_first[row - 1] > first; row--) {
		vma_first[row] = vma_first[row - 1];
		vma_end[row] = vma_end[row - 1];
		vma_flags[row] = vma_flags[row - 1];
		vma_anon[row] = vma_anon[row - 1];
	}
	vma_first[row] = first;
	vma_end[row] = first + count;
	vma_flags[row] = rights;
	vma_anon[row] = 0;
	vma_count[mm]++;
	vma_hint[mm] = 0;
}

/* Faults. */

enum { FAULT_DONE = 0, FAULT_OOM = 1, FAULT_SIGSEGV = 2 };
static u64 page_faults, anon_pages[MMS];

/* A frame becomes an anonymous page of the area. */
static void add_anonymous(u32 mm, u32 vma, u64 page, u32 pfn) {
	mapping[pfn] = 2 * vma_anon[vma] + 1;
	page_index[pfn] = (double)page;
	flags[pfn] |= UPTODATE | SWAPBACKED | EXCLUSIVE;
	mapcount[pfn]++;
	anon_pages[mm]++;
}
static void prepare_anon_vma(u32 vma) {
	if (!vma_anon[vma]) vma_anon[vma] = ++anon_vmas;
}
static int read_fault(u32 slot) {
	lock(slot);
	if (!entries[slot]) entries[slot] = pte_of(ZERO_PFN, EVERY_ENTRY | PTE_SPECIAL);
	unlock(slot);
	return FAULT_DONE;
}
static int write_fault(u32 mm, u32 vma, u64 page, u32 slot) {
	prepare_anon_vma(vma);
	u32 pfn = allocate_frame();
	if (pfn == NO_FRAME) return FAULT_OOM;
	memset(page_at(pfn), 0, PAGE);
	lock(slot);
	int is_ours = !entries[slot];
	if (is_ours) {
		add_anonymous(mm, vma, page, pfn);
		entries[slot] = pte_of(pfn, EVERY_ENTRY | PTE_WRITABLE | PTE_DIRTY);
	}
	unlock(slot);
	if (!is_ours) put_frame(pfn);
	return FAULT_DONE;
}
/* A store to a page that is mapped read-only in a private area. */
static int copy_on_write(u32 mm, u32 vma, u64 page, u32 slot, u64 pte) {
	u32 old = pte_pfn(pte);
	int is_zero = (pte & PTE_SPECIAL) != 0;
	lock(slot);
	if (entries[slot] != pte) { unlock(slot); return FAULT_DONE; }
	if (!is_zero && (flags[old] & EXCLUSIVE || (refcount[old] == 1 && mapcount[old] == 1))) {
		flags[old] |= EXCLUSIVE;
		entries[slot] = pte | PTE_WRITABLE | PTE_DIRTY | PTE_ACCESSED;
		unlock(slot);
		flush_page(mm, page);
		return FAULT_DONE;
	}
	if (!is_zero) get_frame(old);
	unlock(slot);
	prepare_anon_vma(vma);
	u32 pfn = allocate_frame();
	if (pfn == NO_FRAME) return FAULT_OOM;
	if (is_zero) memset(page_at(pfn), 0, PAGE); else memcpy(page_at(pfn), page_at(old), PAGE);
	lock(slot);
	int is_ours = entries[slot] == pte;
	if (is_ours) {
		entries[slot] = 0;
		flush_page(mm, page);
		if (!is_zero) mapcount[old]--, anon_pages[mm]--;
		add_anonymous(mm, vma, page, pfn);
		entries[slot] = pte_of(pfn, EVERY_ENTRY | PTE_WRITABLE | PTE_DIRTY);
	}
	unlock(slot);
	if (!is_zero) put_frame(old);
	if (!is_ours) put_frame(pfn);
	else if (!is_zero) put_frame(old);
	return FAULT_DONE;
}
NOT_INLINED static int handle_fault(u32 mm, u64 page, int is_store) {
	u32 vma = find_vma(mm, page);
	if (vma == NO_VMA || page < vma_first[vma] || !(vma_flags[vma] & (is_store ? VM_WRITE : VM_READ))) return FAULT_SIGSEGV;
	page_faults++;
	u32 slot = create_slot(mm, page);
	if (slot == NO_SLOT) return FAULT_OOM;
	u64 pte = entries[slot];
	if (!pte) return is_store ? write_fault(mm, vma, page, slot) : read_fault(slot);
	if (is_store && !(pte & PTE_WRITABLE)) return copy_on_write(mm, vma, page, slot, pte);
	return FAULT_DONE;
}
static inline int load8(u32 cpu, u32 mm, u64 page, u32 offset) {
	int value = tlb_load8(cpu, mm, page, offset);
	while (!LIKELY(value != MISS)) {
		expect(handle_fault(mm, page, 0) == FAULT_DONE, "a load gets a signal");
		value = tlb_load8(cpu, mm, page, offset);
	}
	return value;
}
static inline void store8(u32 cpu, u32 mm, u64 page, u32 offset, u8 value) {
	while (!LIKELY(tlb_store8(cpu, mm, page, offset, value) != MISS)) expect(handle_fault(mm, page, 1) == FAULT_DONE, "a store gets a signal");
}

/* Unmapping, fork and exit. Frames are gathered, and freed once no TLB reaches them. */

#define GATHERED_AT_MOST 512u
static u32 gathered[GATHERED_AT_MOST], gathered_count;
static u64 gathered_first, gathered_end;

static void flush_gathered(u32 mm) {
	if (gathered_end > gathered_first) flush_range(mm, gathered_first, gathered_end);
	for (u32 nth = 0; nth < gathered_count; nth++) put_frame(gathered[nth]);
	gathered_count = 0;
	gathered_first = ~0ull;
	gathered_end = 0;
}
static void zap_range(u32 mm, u64 first, u64 end) {
	gathered_count = 0;
	gathered_first = ~0ull;
	gathered_end = 0;
	for (u64 page = first; page < end;) {
		u64 run_end = (page | TABLE_MASK) + 1, last = run_end < end ? run_end : end;
		u32 slot = slot_of(mm, page);
		if (slot == NO_SLOT) { page = last; continue; }
		lock(slot);
		for (; page < last && gathered_count < GATHERED_AT_MOST; page++, slot++) {
			u64 pte = entries[slot];
			if (!pte) continue;
			entries[slot] = 0;
			if (page < gathered_first) gathered_first = page;
			gathered_end = page + 1;
			if (!(pte & PTE_PRESENT) || pte & PTE_SPECIAL) continue;
			u32 pfn = pte_pfn(pte);
			expect(mapcount[pfn] > 0, "a frame is unmapped twice");
			mapcount[pfn]--;
			anon_pages[mm]--;
			gathered[gathered_count++] = pfn;
		}
		unlock(slot - 1);
		if (gathered_count == GATHERED_AT_MOST) flush_gathered(mm);
	}
	flush_gathered(mm);
}
static void exit_mm(u32 mm) {
	for (u32 row = mm * AREAS; row < mm * AREAS + vma_count[mm]; row++) zap_range(mm, vma_first[row], vma_end[row]);
	free_tables(mm);
	vma_count[mm] = vma_hint[mm] = 0;
	for (u32 cpu = 0; cpu < CPUS; cpu++) {
		for (u32 asid = 0; asid < asids; asid++)
			if (asid_mm[cpu][asid] == mm + 1) {
				flush_asid(cpu, asid);
				asid_mm[cpu][asid] = 0;
			}
		if (loaded_mm[cpu] == mm + 1) loaded_mm[cpu] = 0;
	}
	mm_cpus[mm] = 0;
}
static void copy_range(u32 to, u32 from, u64 first, u64 end) {
	for (u64 page = first; page < end;) {
		u64 run_end = (page | TABLE_MASK) + 1, last = run_end < end ? run_end : end;
		u32 source = slot_of(from, page);
		if (source == NO_SLOT) { page = last; continue; }
		u32 target = create_slot(to, page);
		expect(target != NO_SLOT, "no room for a page table");
		lock(target);
		lock(source);
		for (; page < last; page++, source++, target++) {
			u64 pte = entries[source];
			if (!pte) continue;
			if (!(pte & PTE_SPECIAL)) {
				u32 pfn = pte_pfn(pte);
				expect(pincount[pfn] == 0, "a pinned page is shared");
				get_frame(pfn);
				mapcount[pfn]++;
				flags[pfn] &= ~(u32)EXCLUSIVE;
				anon_pages[to]++;
				if (pte & PTE_WRITABLE) entries[source] = pte &= ~PTE_WRITABLE;
			}
			entries[target] = pte & ~PTE_ACCESSED;
		}
		unlock(source - 1);
		unlock(target - 1);
	}
}
static void fork_mm(u32 to, u32 from) {
	for (u32 nth = 0; nth < vma_count[from]; nth++) {
		u32 source = from * AREAS + nth, target = to * AREAS + nth;
		vma_first[target] = vma_first[source];
		vma_end[target] = vma_end[source];
		vma_flags[target] = vma_flags[source];
		vma_anon[target] = vma_anon[source] ? ++anon_vmas : 0;
		copy_range(to, from, vma_first[source], vma_end[source]);
		flush_range(from, vma_first[source], vma_end[source]);
	}
	vma_count[to] = vma_count[from];
}

/* What is timed. */

#define BASE 0x100000u /* the area's first page */
#define PARENT 0u
#define CHILD 1u
static u32 pages = 4096;
static u32 *stream;
static u64 stream_length;
static u64 faults_before;

static u32 offset_of(u32 page) { return page * 64 & (PAGE - 1); }
static void fill_area(u32 mm, int is_store) {
	for (u32 page = 0; page < pages; page++) {
		if (is_store) store8(0, mm, BASE + page, offset_of(page), (u8)page);
		else load8(0, mm, BASE + page, offset_of(page));
	}
}
static void fresh(void) {
	exit_mm(CHILD);
	exit_mm(PARENT);
	map_area(PARENT, BASE, pages, VM_READ | VM_WRITE);
}
/* What everybody can see of the state: faults of the round, and frames. */
static u64 outcome(u64 sum) { return (sum * 31 + (page_faults - faults_before)) * 31 + used_frames; }
static u64 loads(u32 mm) {
	u64 sum = 0;
	for (u32 page = 0; page < pages; page++) sum += (u64)load8(0, mm, BASE + page, offset_of(page)) + 1;
	return sum;
}
static void stores(u32 mm, u32 shift) {
	for (u32 page = 0; page < pages; page++) store8(0, mm, BASE + page, offset_of(page) + shift, (u8)page);
}

static void nothing(void) {}
static void before_zero(void) { fresh(); fill_area(PARENT, 0); }
static void before_anon(void) { fresh(); fill_area(PARENT, 1); }
static void before_cow(void) { before_anon(); fork_mm(CHILD, PARENT); }
static u64 do_loads(void) { return outcome(loads(PARENT)); }
static u64 do_stores(void) { stores(PARENT, 0); return outcome(0); }
static u64 do_cow(void) { stores(CHILD, 1); return outcome(0); }
static u64 do_fork(void) { fork_mm(CHILD, PARENT); return outcome(0); }
static u64 do_exit(void) { exit_mm(PARENT); return outcome(0); }
static u64 do_unmap(void) {
	zap_range(PARENT, BASE, (u64)BASE + pages);
	free_tables(PARENT);
	vma_count[PARENT] = vma_hint[PARENT] = 0;
	return outcome(0);
}
static u64 do_replay(void) {
	u64 sum = 0;
	for (u64 nth = 0; nth < stream_length; nth++) {
		u32 word = stream[nth], page = BASE + (word >> 14), offset = word >> 2 & (PAGE - 1);
		if (word & 1) store8(0, PARENT, page, offset, (u8)nth);
		else sum += (u64)load8(0, PARENT, page, offset);
	}
	return sum;
}
static void read_stream(const char *name) {
	int file = open(name, O_RDONLY);
	expect(file >= 0, "the stream cannot be opened");
	u64 size = (u64)lseek(file, 0, SEEK_END);
	stream_length = size / 4;
	stream = column(stream_length, 4);
	expect(pread(file, stream, size, 0) == (ssize_t)size, "the stream cannot be read");
	close(file);
	for (u64 nth = 0; nth < stream_length; nth++) expect(stream[nth] >> 14 < pages, "the stream names a page beyond `pages`");
	/* Each page holds its number in each byte: what is loaded tells the pages apart. */
	fresh();
	for (u32 page = 0; page < pages; page++) {
		store8(0, PARENT, BASE + page, 0, 0);
		memset(page_at(pte_pfn(entries[slot_of(PARENT, BASE + page)])), (int)(page & 255), PAGE);
	}
}

static const struct work {
	const char *name;
	void (*before)(void);
	u64 (*round)(void);
} works[] = {
	{ "replay", nothing, do_replay }, { "read-fault", fresh, do_loads }, { "write-fault", fresh, do_stores }, { "zero-cow", before_zero, do_stores },
	{ "cow", before_cow, do_cow }, { "fork", before_anon, do_fork }, { "exit", before_anon, do_exit }, { "unmap-zero", before_zero, do_unmap },
	{ "unmap-anon", before_anon, do_unmap },
};

static void build(void) {
	u32 frames = 2 * pages + 64;
	bytes = column(frames, PAGE);
	block = column(frames, 1);
	flags = column(frames, 4);
	refcount = column(frames, 4);
	pincount = column(frames, 4);
	mapcount = column(frames, 4);
	mapping = column(frames, 4);
	next = column(frames, 4);
	previous = column(frames, 4);
	page_index = column(frames, 8);
	frontier = 1;
	end_pfn = frames;
	free_frames = frames - 1;
	table_end = 2 * (pages / 512 + pages / 262144 + 16);
	entries = column((u64)table_end << TABLE_SHIFT, 8);
	table_lock = column(table_end, 1);
	free_table = column(table_end, 4);
	u64 tlb_entries = ((u64)CPUS << tlb_shift) * tlb_ways;
	tlb_tag = column(tlb_entries, 8);
	tlb_pfn = column(tlb_entries, 4);
	tlb_dirty = column(tlb_entries, 1);
	tlb_next = column((u64)CPUS << tlb_shift, 1);
}
static void begin(const struct work *work) {
	work->before();
	faults_before = page_faults;
}
static int serve(const struct work *work, int from, int to) {
	u64 result = 0;
	char command;
	if (write(to, &result, 8) != 8) return 1;
	while (read(from, &command, 1) == 1) {
		if (command == 'b') begin(work); else result = work->round();
		if (write(to, &result, 8) != 8) return 1;
	}
	return 0;
}
static int by_time(const void *a, const void *b) { return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b); }
static int time_rounds(const struct work *work, u32 rounds) {
	double *ns = column(rounds, sizeof *ns);
	u64 operations = stream_length ? stream_length : pages, result = 0;
	for (u32 nth = 0; nth <= rounds; nth++) {
		struct timespec start, end;
		begin(work);
		clock_gettime(CLOCK_MONOTONIC, &start);
		result = work->round();
		clock_gettime(CLOCK_MONOTONIC, &end);
		double passed = (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec);
		if (nth > 0) ns[nth - 1] = passed / (double)operations;
	}
	qsort(ns, rounds, sizeof *ns, by_time);
	printf("{\"work\":\"%s\",\"operations\":%llu,\"ns\":%.3f,\"medianNs\":%.3f,\"result\":\"%016llx\"}\n", work->name, (unsigned long long)operations, ns[0],
		ns[rounds / 2], (unsigned long long)result);
	return 0;
}

int main(int count, char **argument) {
	int is_served = count > 4 && !strcmp(argument[1], "serve"), first = is_served ? 4 : 2;
	const struct work *work = NULL;
	const char *stream_name = NULL;
	u32 rounds = 7;
	/* First of all: the caller waits until they are open, and sees by a pipe without writers that this has ended. */
	int from = is_served ? open(argument[2], O_RDONLY) : -1, to = is_served ? open(argument[3], O_WRONLY) : -1;
	for (u32 nth = 0; first < count && nth < sizeof works / sizeof *works; nth++) if (!strcmp(works[nth].name, argument[first])) work = &works[nth];
	if (!work || (!is_served && strcmp(argument[1], "time"))) return fprintf(stderr, "mmu-twin: see the head of mmu-twin.c\n"), 2;
	tlb_shift = 10, tlb_ways = 4, asids = 6;
	for (int nth = first + 1; nth < count; nth++) {
		const char *value = strchr(argument[nth], '=');
		expect(value != NULL, "expected NAME=VALUE");
		u64 length = (u64)(value++ - argument[nth]);
		u32 number = (u32)strtoul(value, NULL, 10);
		const char *names[] = { "pages", "rounds", "tlb-shift", "tlb-ways", "asids", "stream" };
		u32 *numbers[] = { &pages, &rounds, &tlb_shift, &tlb_ways, &asids };
		u32 at = 0;
		while (at < 6 && (strlen(names[at]) != length || strncmp(names[at], argument[nth], length))) at++;
		expect(at < 6, "an unknown NAME");
		if (at == 5) stream_name = value; else *numbers[at] = number;
	}
	expect(pages >= 1 && pages <= 1u << 22 && rounds >= 1 && tlb_shift <= 16 && tlb_ways >= 1 && tlb_ways <= 16, "a number is out of range");
	expect(asids >= 1 && asids <= ASIDS_AT_MOST, "asids, expected 1 to 62");
	expect(!stream_name == (work->round != do_replay), "a stream is for replay, and replay needs one");
	build();
	if (stream_name) read_stream(stream_name);
	return is_served ? serve(work, from, to) : time_rounds(work, rounds);
}
