/*
 * Stands for libSystem.B.dylib: answers with structures that a C compiler has laid out, declared as in the headers of
 * macOS (sys/sysctl.h, netinet/in_pcb.h, sys/socketvar.h, netinet/tcp_var.h, net/if.h, net/if_var.h, net/if_dl.h,
 * sys/proc_info.h, sys/resource.h, mach/vm_statistics.h, sys/mount.h). Every second answer to one question is longer
 * than what was asked for, as where a list has grown meanwhile.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef int16_t i16;
typedef uint16_t u16;
typedef int32_t i32;
typedef uint32_t u32;
typedef int64_t i64;
typedef uint64_t u64;

#pragma pack(4)
struct xinpgen { u32 xig_len, xig_count; u64 xig_gen, xig_sogen; };
struct in_addr_4in6 { u32 ia46_pad32[3]; u8 ia46_addr4[4]; };
union in_addr_any { struct in_addr_4in6 four; u8 six[16]; u32 words[4]; };
struct xinpcb_n {
  u32 xi_len, xi_kind;
  u64 xi_inpp;
  u16 inp_fport, inp_lport;
  u64 inp_ppcb, inp_gencnt;
  i32 inp_flags;
  u32 inp_flow;
  u8 inp_vflag, inp_ip_ttl, inp_ip_p;
  union in_addr_any inp_dependfaddr, inp_dependladdr;
  struct { u8 inp4_ip_tos; } inp_depend4;
  struct { u8 inp6_hlim; i32 inp6_cksum; u16 inp6_ifindex; i16 inp6_hops; } inp_depend6;
  u32 inp_flowhash, inp_flags2;
};
struct xsocket_n {
  u32 xso_len, xso_kind;
  u64 xso_so;
  i16 so_type;
  u32 so_options;
  i16 so_linger, so_state;
  u64 so_pcb;
  i32 xso_protocol, xso_family;
  i16 so_qlen, so_incqlen, so_qlimit, so_timeo;
  u16 so_error;
  i32 so_pgid;
  u32 so_oobmark, so_uid;
  i32 so_last_pid, so_e_pid;
  u64 so_gencnt;
  u32 so_flags, so_flags1;
  i32 so_usecount, so_retaincnt;
  u32 xso_filter_flags;
};
struct xsockbuf_n { u32 xsb_len, xsb_kind, sb_cc, sb_hiwat, sb_mbcnt, sb_mbmax; i32 sb_lowat; i16 sb_flags, sb_timeo; };
struct data_stats { u64 rxpackets, rxbytes, txpackets, txbytes; };
struct xsockstat_n { u32 xst_len, xst_kind; struct data_stats xst_tc_stats[4]; };
struct xtcpcb_n { u32 xt_len, xt_kind; u64 t_segq; i32 t_dupacks; i32 t_timer[4]; i32 t_state; u32 rest[41]; };
struct if_data64 {
  u8 ifi_type, ifi_typelen, ifi_physical, ifi_addrlen, ifi_hdrlen, ifi_recvquota, ifi_xmitquota, ifi_unused1;
  u32 ifi_mtu, ifi_metric;
  u64 ifi_baudrate, ifi_ipackets, ifi_ierrors, ifi_opackets, ifi_oerrors, ifi_collisions, ifi_ibytes, ifi_obytes;
  u64 ifi_imcasts, ifi_omcasts, ifi_iqdrops, ifi_noproto;
  u32 ifi_recvtiming, ifi_xmittiming;
  i32 ifi_lastchange[2];
};
#pragma pack()
struct if_msghdr2 {
  u16 ifm_msglen;
  u8 ifm_version, ifm_type;
  i32 ifm_addrs, ifm_flags;
  u16 ifm_index;
  i32 ifm_snd_len, ifm_snd_maxlen, ifm_snd_drops, ifm_timer;
  struct if_data64 ifm_data;
};
struct sockaddr_dl { u8 sdl_len, sdl_family; u16 sdl_index; u8 sdl_type, sdl_nlen, sdl_alen, sdl_slen; char sdl_data[12]; };
struct timeval_ { i64 tv_sec; i32 tv_usec; };
struct kinfo_proc {
  struct timeval_ p_starttime;
  void *p_vmspace, *p_sigacts;
  int p_flag;
  char p_stat;
  i32 p_pid;
  char rest[600];
};
struct proc_bsdinfo {
  u32 pbi_flags, pbi_status, pbi_xstatus, pbi_pid, pbi_ppid, pbi_uid, pbi_gid, pbi_ruid, pbi_rgid, pbi_svuid, pbi_svgid;
  u32 rfu_1;
  char pbi_comm[16], pbi_name[32];
  u32 pbi_nfiles, pbi_pgid, pbi_pjobc, e_tdev, e_tpgid;
  i32 pbi_nice;
  u64 pbi_start_tvsec, pbi_start_tvusec;
};
struct proc_taskinfo {
  u64 pti_virtual_size, pti_resident_size, pti_total_user, pti_total_system, pti_threads_user, pti_threads_system;
  i32 pti_policy, pti_faults, pti_pageins, pti_cow_faults, pti_messages_sent, pti_messages_received;
  i32 pti_syscalls_mach, pti_syscalls_unix, pti_csw, pti_threadnum, pti_numrunning, pti_priority;
};
struct proc_taskallinfo { struct proc_bsdinfo pbsd; struct proc_taskinfo ptinfo; };
struct rusage_info_v2 {
  u8 ri_uuid[16];
  u64 ri_user_time, ri_system_time, ri_pkg_idle_wkups, ri_interrupt_wkups, ri_pageins, ri_wired_size, ri_resident_size;
  u64 ri_phys_footprint, ri_proc_start_abstime, ri_proc_exit_abstime, ri_child_user_time, ri_child_system_time;
  u64 ri_child_pkg_idle_wkups, ri_child_interrupt_wkups, ri_child_pageins, ri_child_elapsed_abstime;
  u64 ri_diskio_bytesread, ri_diskio_byteswritten;
};
struct vm_statistics64 {
  u32 free_count, active_count, inactive_count, wire_count;
  u64 zero_fill_count, reactivations, pageins, pageouts, faults, cow_faults, lookups, hits, purges;
  u32 purgeable_count, speculative_count;
  u64 decompressions, compressions, swapins, swapouts;
  u32 compressor_page_count, throttled_count, external_page_count, internal_page_count;
  u64 total_uncompressed_pages_in_compressor;
} __attribute__((aligned(8)));
struct xsw_usage { u64 xsu_total, xsu_avail, xsu_used; u32 xsu_pagesize; u8 xsu_encrypted; };
struct statfs_ {
  u32 f_bsize;
  i32 f_iosize;
  u64 f_blocks, f_bfree, f_bavail, f_files, f_ffree;
  i32 f_fsid[2];
  u32 f_owner, f_type, f_flags, f_fssubtype;
  char f_fstypename[16], f_mntonname[1024], f_mntfromname[1024];
  u32 f_flags_ext, f_reserved[7];
};

static int error_number;
static int questions;
static char answer[8192];

int *__error(void) { return &error_number; }

static int fail(int code) {
  error_number = code;
  return -1;
}

/* As the kernel does: a size without a buffer; too small a buffer is ENOMEM (12). */
static int give(const void *bytes, size_t length, void *into, size_t *into_length) {
  if (into == 0) {
    *into_length = length;
    return 0;
  }
  if (questions++ % 2 == 1 || *into_length < length) return fail(12);
  memcpy(into, bytes, length);
  *into_length = length;
  return 0;
}

static size_t put(size_t at, const void *record, size_t length) {
  memset(answer + at, 0, (length + 7) / 8 * 8);
  memcpy(answer + at, record, length);
  return at + (length + 7) / 8 * 8;
}

static u16 network_order(u16 port) { return port << 8 | port >> 8; }

/* Two sockets: 10.0.0.1:1000 to 10.0.0.2:443 of the process 5000001, and a listener on [fe80::1]:22 of 1. */
static size_t pcb_list(int is_tcp) {
  struct xinpgen gen = {sizeof gen, 2, 7, 7};
  size_t at = put(0, &gen, sizeof gen);
  for (int i = 0; i < 2; i++) {
    struct xinpcb_n inp = {sizeof inp, 0x10};
    struct xsocket_n so = {sizeof so, 0x01};
    struct xsockbuf_n receive = {sizeof receive, 0x02}, send = {sizeof send, 0x04};
    struct xsockstat_n stat = {sizeof stat, 0x08};
    struct xtcpcb_n tcp = {sizeof tcp, 0x20};
    inp.inp_gencnt = 0x100000001ull + i;
    inp.inp_vflag = i == 0 ? 1 : 2;
    inp.inp_lport = network_order(i == 0 ? 1000 : 22);
    if (i == 0) {
      inp.inp_fport = network_order(443);
      memcpy(inp.inp_dependladdr.four.ia46_addr4, "\x0a\0\0\x01", 4);
      memcpy(inp.inp_dependfaddr.four.ia46_addr4, "\x0a\0\0\x02", 4);
    } else {
      memcpy(inp.inp_dependladdr.six, "\xfe\x80\0\x07\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
      inp.inp_depend6.inp6_ifindex = 7;
    }
    so.so_uid = 501;
    so.so_last_pid = i == 0 ? 5000001 : 1;
    for (int class = 0; class < 4; class++) {
      stat.xst_tc_stats[class].rxbytes = i == 0 ? 250 : 0;
      stat.xst_tc_stats[class].txbytes = i == 0 ? 0x100000000ull : 0;
    }
    tcp.t_state = i == 0 ? 4 : 1;
    at = put(at, &inp, sizeof inp);
    at = put(at, &so, sizeof so);
    at = put(at, &receive, sizeof receive);
    at = put(at, &send, sizeof send);
    at = put(at, &stat, sizeof stat);
    if (is_tcp) at = put(at, &tcp, sizeof tcp);
  }
  return put(at, &gen, sizeof gen);
}

static size_t interface(size_t at, u16 index, const char *name, i32 flags, u64 received) {
  struct if_msghdr2 header = {sizeof header + sizeof(struct sockaddr_dl), 5, 0x12, 0x10, flags, index};
  struct sockaddr_dl link = {sizeof link, 18, index, 6, strlen(name), 6, 0};
  header.ifm_data.ifi_mtu = 1500;
  header.ifm_data.ifi_baudrate = 1000000000;
  header.ifm_data.ifi_ibytes = received;
  header.ifm_data.ifi_obytes = 77;
  header.ifm_data.ifi_oerrors = 3;
  memcpy(link.sdl_data, name, strlen(name));
  memcpy(link.sdl_data + strlen(name), "\x02\x11\xe5\xb9\xc9\x29", 6);
  memcpy(answer + at, &header, sizeof header);
  memcpy(answer + at + sizeof header, &link, sizeof link);
  return at + header.ifm_msglen;
}

int sysctlbyname(const char *name, void *into, size_t *length, void *new_value, size_t new_length) {
  if (strcmp(name, "net.inet.tcp.pcblist_n") == 0) return give(answer, pcb_list(1), into, length);
  if (strcmp(name, "net.inet.udp.pcblist_n") == 0) return give(answer, pcb_list(0), into, length);
  if (strcmp(name, "kern.boottime") == 0) {
    struct timeval_ boot = {1592836479, 500000};
    return give(&boot, sizeof boot, into, length);
  }
  if (strcmp(name, "kern.bootsessionuuid") == 0) return give("8F14E45F-CEEA-467A-9634-0A1B2C3D4E5F", 37, into, length);
  if (strcmp(name, "hw.pagesize") == 0) {
    u64 size = 16384;
    return give(&size, sizeof size, into, length);
  }
  if (strcmp(name, "vm.swapusage") == 0) {
    struct xsw_usage usage = {3ull << 30, 2ull << 30, 1ull << 30, 16384, 1};
    return give(&usage, sizeof usage, into, length);
  }
  return fail(2);
}

int sysctl(int *name, u32 name_length, void *into, size_t *length, void *new_value, size_t new_length) {
  if (name_length == 6 && name[0] == 4 && name[1] == 17 && name[4] == 6) {
    size_t end = interface(0, 1, "lo0", 8 | 1, 5);
    return give(answer, interface(end, 7, "en0", 1, 1ull << 40), into, length);
  }
  if (name_length == 4 && name[0] == 1 && name[1] == 14 && name[2] == 1) {
    struct kinfo_proc found = {{1592836480 + name[3], 0}};
    found.p_pid = name[3];
    return give(&found, name[3] == 5000001 || name[3] == 1 ? sizeof found : 0, into, length);
  }
  return fail(2);
}

int proc_pidinfo(int pid, int flavor, u64 argument, void *into, int size) {
  if (flavor != 2 || argument != 0 || pid != 5000001 || size != sizeof(struct proc_taskallinfo)) return 0;
  struct proc_taskallinfo info = {{0}};
  info.pbsd.pbi_pid = pid;
  info.pbsd.pbi_gid = 20;
  info.pbsd.pbi_nfiles = 33;
  info.ptinfo.pti_resident_size = 5 << 20;
  info.ptinfo.pti_total_user = 24000000;
  info.ptinfo.pti_total_system = 24000000;
  info.ptinfo.pti_csw = 99;
  info.ptinfo.pti_threadnum = 12;
  memcpy(into, &info, sizeof info);
  return sizeof info;
}

int proc_pid_rusage(int pid, int flavor, void *into) {
  if (flavor != 2 || pid != 5000001) return fail(3);
  struct rusage_info_v2 usage = {{0}};
  usage.ri_diskio_bytesread = 1234;
  usage.ri_diskio_byteswritten = 5678;
  memcpy(into, &usage, sizeof usage);
  return 0;
}

u32 mach_host_self(void) { return 771; }

int host_statistics64(u32 host, int flavor, void *into, u32 *count) {
  if (host != 771 || flavor != 4 || *count < sizeof(struct vm_statistics64) / 4) return 4;
  struct vm_statistics64 statistics = {64700, 1, 2, 200000};
  statistics.purgeable_count = 1120;
  statistics.speculative_count = 27978;
  statistics.compressor_page_count = 50000;
  statistics.external_page_count = 298682;
  statistics.internal_page_count = 500000;
  memcpy(into, &statistics, sizeof statistics);
  *count = sizeof statistics / 4;
  return 0;
}

int mach_timebase_info(u32 *ratio) {
  ratio[0] = 125;
  ratio[1] = 3;
  return 0;
}

static int file_systems(struct statfs_ *into, int size, int mode) {
  if (mode != 2) return fail(22);
  if (into == 0) return 1;
  if (size < (int)sizeof *into) return 0;
  memset(into, 0, sizeof *into);
  into->f_bsize = 4096;
  into->f_blocks = 1000;
  into->f_bfree = 300;
  into->f_bavail = 200;
  into->f_flags = 0x1000 | 1;
  strcpy(into->f_fstypename, "apfs");
  strcpy(into->f_mntonname, "/");
  strcpy(into->f_mntfromname, "/dev/disk3s1s1");
  return 1;
}

int getfsstat(struct statfs_ *into, int size, int mode) { return file_systems(into, size, mode); }
#ifdef __APPLE__
#define INTEL_NAME "_getfsstat$INODE64"
#else
#define INTEL_NAME "getfsstat$INODE64"
#endif
int getfsstat_inode64(struct statfs_ *into, int size, int mode) __asm__(INTEL_NAME);
int getfsstat_inode64(struct statfs_ *into, int size, int mode) { return file_systems(into, size, mode); }
