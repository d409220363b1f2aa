/* Answers as libnvidia-ml.so.1 does (nvml.h): two GPUs, of which the second supports little. */
#include <string.h>

typedef struct { int index; } device;
static device devices[2] = {{0}, {1}};
static int opened = 0;

enum { SUCCESS = 0, UNINITIALIZED = 1, NOT_SUPPORTED = 3, NOT_FOUND = 6, DRIVER_NOT_LOADED = 9 };

#ifdef REFUSE
int nvmlInit_v2(void) { return DRIVER_NOT_LOADED; }
#else
int nvmlInit_v2(void) { opened++; return SUCCESS; }
#endif
int nvmlShutdown(void) { opened--; return SUCCESS; }

int nvmlDeviceGetCount_v2(unsigned int *count) {
  if (opened == 0) return UNINITIALIZED;
  *count = 2;
  return SUCCESS;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, device **out) {
  *out = &devices[index];
  return SUCCESS;
}

int nvmlDeviceGetName(device *d, char *name, unsigned int length) {
  strncpy(name, d->index == 0 ? "NVIDIA H100 80GB HBM3" : "Tesla K80", length);
  return SUCCESS;
}

typedef struct {
  char legacy[16];
  unsigned int domain, bus, device, pciDeviceId, pciSubSystemId;
  char busId[32];
} pci_info;

int nvmlDeviceGetPciInfo_v3(device *d, pci_info *pci) {
  if (d->index != 0) return NOT_SUPPORTED;
  memset(pci, 0, sizeof *pci);
  strcpy(pci->busId, "00000000:65:00.0");
  return SUCCESS;
}

int nvmlDeviceGetUtilizationRates(device *d, unsigned int *rates) {
  if (d->index != 0) return NOT_SUPPORTED;
  rates[0] = 37;
  rates[1] = 12;
  return SUCCESS;
}

typedef struct { unsigned int version; unsigned long long total, reserved, free, used; } memory_v2;

int nvmlDeviceGetMemoryInfo_v2(device *d, memory_v2 *memory) {
  if (d->index != 0) return NOT_SUPPORTED;
  if (memory->version != (sizeof(memory_v2) | (2 << 24))) return 25;
  memory->total = 85520809984ULL;
  memory->reserved = 600000000ULL;
  memory->used = 12884901888ULL;
  memory->free = memory->total - memory->used - memory->reserved;
  return SUCCESS;
}

int nvmlDeviceGetMemoryInfo(device *d, unsigned long long *memory) {
  memory[0] = 12000000000ULL;
  memory[1] = 11000000000ULL;
  memory[2] = 1000000000ULL;
  return SUCCESS;
}

int nvmlDeviceGetTemperature(device *d, unsigned int sensor, unsigned int *celsius) {
  if (sensor != 0) return 2;
  *celsius = 40 + d->index;
  return SUCCESS;
}

int nvmlDeviceGetPowerUsage(device *d, unsigned int *milliwatts) {
  if (d->index != 0) return NOT_SUPPORTED;
  *milliwatts = 123456;
  return SUCCESS;
}

int nvmlDeviceGetClockInfo(device *d, unsigned int type, unsigned int *megahertz) {
  *megahertz = 1755;
  return SUCCESS;
}

int nvmlDeviceGetMaxClockInfo(device *d, unsigned int type, unsigned int *megahertz) {
  *megahertz = 1980;
  return SUCCESS;
}

typedef struct { unsigned int pid; unsigned long long memory; unsigned int gpu, compute; } process_info;

int nvmlDeviceGetComputeRunningProcesses_v3(device *d, unsigned int *count, process_info *infos) {
  if (d->index != 0) return NOT_SUPPORTED;
  if (*count < 3) return 7;
  *count = 3;
  infos[0] = (process_info){4242, 1 << 30, ~0u, ~0u};
  infos[1] = (process_info){4243, ~0ULL, ~0u, ~0u};
  infos[2] = (process_info){4242, 1 << 20, ~0u, ~0u};
  return SUCCESS;
}

int nvmlDeviceGetGraphicsRunningProcesses_v3(device *d, unsigned int *count, process_info *infos) {
  if (d->index != 0) return NOT_SUPPORTED;
  *count = 1;
  infos[0] = (process_info){77, 5 << 20, ~0u, ~0u};
  return SUCCESS;
}

typedef struct { unsigned int pid; unsigned long long time; unsigned int sm, memory, encoder, decoder; } sample;

int nvmlDeviceGetProcessUtilization(device *d, sample *samples, unsigned int *count, unsigned long long since) {
  if (d->index != 0) return NOT_SUPPORTED;
  /* Microseconds of the wall clock: after 2020, or the caller counts in something else. */
  if (since < 1577836800000000ULL) return 2;
  *count = 3;
  samples[0] = (sample){4242, since + 2, 33, 1, 0, 0};
  samples[1] = (sample){4242, since + 1, 99, 1, 0, 0};
  samples[2] = (sample){77, since + 1, 4000000000u, 1, 0, 0};
  return SUCCESS;
}
