// SSE to SSE4.2 by the compiler's intrinsics, each operation on the same patterns, and what MXCSR tells of it.
#include <nmmintrin.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint64_t seed = 0x9e3779b97f4a7c15ULL;
static uint64_t next(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed;
}

static void show(const char *name, __m128i v) {
  uint64_t w[2];
  memcpy(w, &v, 16);
  printf("%s %016llx%016llx %x\n", name, (unsigned long long)w[1], (unsigned long long)w[0], _mm_getcsr());
  _mm_setcsr(_mm_getcsr() & ~0x3f);
}
#define I(f) show(#f, f(a, b))
#define I1(f) show(#f, f(a))
#define N(f, n) show(#f, f(a, n))
#define II(f, n) show(#f, f(a, b, n))
#define S(f) show(#f, _mm_castps_si128(f(x, y)))
#define S1(f) show(#f, _mm_castps_si128(f(x)))
#define D(f) show(#f, _mm_castpd_si128(f(p, q)))
#define D1(f) show(#f, _mm_castpd_si128(f(p)))

static void integers(__m128i a, __m128i b) {
  I(_mm_add_epi8), I(_mm_add_epi16), I(_mm_add_epi32), I(_mm_add_epi64), I(_mm_sub_epi8), I(_mm_sub_epi64);
  I(_mm_adds_epi8), I(_mm_adds_epu8), I(_mm_adds_epi16), I(_mm_adds_epu16), I(_mm_subs_epi8), I(_mm_subs_epu16);
  I(_mm_mullo_epi16), I(_mm_mulhi_epi16), I(_mm_mulhi_epu16), I(_mm_mul_epu32), I(_mm_madd_epi16), I(_mm_sad_epu8), I(_mm_avg_epu8), I(_mm_avg_epu16);
  I(_mm_min_epu8), I(_mm_max_epi16), I(_mm_cmpeq_epi8), I(_mm_cmpgt_epi16), I(_mm_cmplt_epi32), I(_mm_andnot_si128), I(_mm_xor_si128);
  I(_mm_packs_epi16), I(_mm_packs_epi32), I(_mm_packus_epi16), I(_mm_unpacklo_epi8), I(_mm_unpackhi_epi16), I(_mm_unpacklo_epi64);
  I(_mm_sll_epi32), I(_mm_srl_epi64), I(_mm_sra_epi16), N(_mm_slli_epi16, 5), N(_mm_srai_epi32, 17), N(_mm_srli_epi64, 33), N(_mm_slli_si128, 5), N(_mm_srli_si128, 11);
  N(_mm_shuffle_epi32, 0x1b), N(_mm_shufflehi_epi16, 0x72), N(_mm_shufflelo_epi16, 0xd8);
  // SSSE3
  I(_mm_shuffle_epi8), I(_mm_hadd_epi16), I(_mm_hadds_epi16), I(_mm_hsub_epi32), I(_mm_maddubs_epi16), I(_mm_mulhrs_epi16), I(_mm_sign_epi8), I(_mm_sign_epi32);
  I1(_mm_abs_epi8), I1(_mm_abs_epi32), II(_mm_alignr_epi8, 5), II(_mm_alignr_epi8, 21);
  // SSE4.1
  I(_mm_mullo_epi32), I(_mm_mul_epi32), I(_mm_min_epi8), I(_mm_max_epi32), I(_mm_min_epu16), I(_mm_max_epu32), I(_mm_packus_epi32), I(_mm_cmpeq_epi64);
  I1(_mm_cvtepi8_epi16), I1(_mm_cvtepu8_epi64), I1(_mm_cvtepi32_epi64), I1(_mm_cvtepu16_epi32), I1(_mm_minpos_epu16);
  II(_mm_mpsadbw_epu8, 6), II(_mm_blend_epi16, 0x5a);
  show("blendv", _mm_blendv_epi8(a, b, _mm_slli_epi16(a, 3)));
  show("insert", _mm_insert_epi32(_mm_insert_epi8(_mm_insert_epi64(a, next(), 1), 77, 3), 88, 1));
  printf("%d %d %d %llx", _mm_testz_si128(a, b), _mm_testc_si128(a, b), _mm_testnzc_si128(a, b), (unsigned long long)_mm_extract_epi64(a, 1));
  printf(" %x %x %x\n", _mm_extract_epi8(b, 9), _mm_movemask_epi8(a), _mm_extract_epi16(a, 5));
  // SSE4.2
  I(_mm_cmpgt_epi64);
  printf("%x %x %llx\n", _mm_crc32_u8(1, _mm_extract_epi8(a, 0)), _mm_crc32_u32(7, _mm_extract_epi32(a, 1)), (unsigned long long)_mm_crc32_u64(9, _mm_extract_epi64(b, 0)));
}

#define STRINGS(mode)                                                                                                      \
  do {                                                                                                                     \
    show(#mode, _mm_cmpestrm(a, m, b, n, mode));                                                                           \
    printf(" %d%d%d%d%d %d", _mm_cmpestra(a, m, b, n, mode), _mm_cmpestrc(a, m, b, n, mode), _mm_cmpestro(a, m, b, n, mode), \
           _mm_cmpestrs(a, m, b, n, mode), _mm_cmpestrz(a, m, b, n, mode), _mm_cmpestri(a, m, b, n, mode));                \
    printf(" %d %d%d\n", _mm_cmpistri(a, b, mode), _mm_cmpistrc(a, b, mode), _mm_cmpistrz(a, b, mode));                    \
  } while (0)

static void strings(__m128i a, int m, __m128i b, int n) {
  STRINGS(0x00);
  STRINGS(0x04);
  STRINGS(0x0c);
  STRINGS(0x44);
  STRINGS(0x08);
  STRINGS(0x18);
  STRINGS(0x38);
  STRINGS(0x70);
  STRINGS(0x4c);
  STRINGS(0x01);
  STRINGS(0x05);
  STRINGS(0x0d);
  STRINGS(0x1a);
  STRINGS(0x7b);
  STRINGS(0x4e);
  STRINGS(0x57);
}

static void floats(__m128 x, __m128 y, __m128d p, __m128d q) {
  S(_mm_add_ps), S(_mm_sub_ss), S(_mm_mul_ps), S(_mm_div_ps), S1(_mm_sqrt_ps), S(_mm_min_ps), S(_mm_max_ss), S(_mm_addsub_ps), S(_mm_hadd_ps), S(_mm_hsub_ps);
  S(_mm_cmplt_ps), S(_mm_cmpunord_ps), S(_mm_cmpneq_ss), S(_mm_cmpnle_ps), S(_mm_unpackhi_ps), S(_mm_movehl_ps), S1(_mm_moveldup_ps), S1(_mm_movehdup_ps);
  D(_mm_add_pd), D(_mm_sub_pd), D(_mm_mul_sd), D(_mm_div_pd), D1(_mm_sqrt_pd), D(_mm_min_sd), D(_mm_max_pd), D(_mm_addsub_pd), D(_mm_hadd_pd), D1(_mm_movedup_pd);
  D(_mm_cmpord_pd), D(_mm_cmpge_sd), D(_mm_cmpngt_pd), D(_mm_unpacklo_pd);
  show("dp_ps", _mm_castps_si128(_mm_dp_ps(x, y, 0x7b)));
  show("dp_pd", _mm_castpd_si128(_mm_dp_pd(p, q, 0x31)));
  show("shuffle", _mm_castps_si128(_mm_shuffle_ps(x, y, 0x39)));
  show("insert", _mm_castps_si128(_mm_insert_ps(x, y, 0x9a)));
  show("blend", _mm_castpd_si128(_mm_blendv_pd(p, q, _mm_cmplt_pd(p, q))));
  show("round", _mm_castps_si128(_mm_round_ps(x, 9)));
  show("round", _mm_castpd_si128(_mm_round_pd(p, 2)));
  show("round", _mm_castpd_si128(_mm_round_sd(p, q, 4)));
  show("cvt", _mm_cvtps_epi32(x));
  show("cvt", _mm_cvttps_epi32(x));
  show("cvt", _mm_cvtpd_epi32(p));
  show("cvt", _mm_castps_si128(_mm_cvtpd_ps(p)));
  show("cvt", _mm_castpd_si128(_mm_cvtps_pd(x)));
  show("cvt", _mm_castpd_si128(_mm_cvtepi32_pd(_mm_castps_si128(y))));
  show("cvt", _mm_castps_si128(_mm_cvtepi32_ps(_mm_castps_si128(y))));
  show("cvt", _mm_set_epi64x(_mm_cvtsd_si64(p), _mm_cvttsd_si64(q)));
  show("cvt", _mm_set_epi64x(_mm_cvtss_si32(x), _mm_cvttss_si64(y)));
  printf("%d%d%d%d %x %x\n", _mm_comieq_sd(p, q), _mm_comilt_ss(x, y), _mm_ucomigt_sd(p, q), _mm_ucomineq_ss(x, y), _mm_movemask_ps(x), _mm_movemask_pd(p));
}

int main(void) {
  static const float f[] = {1, -2.5f, 1e38f, 3e-39f, 0, -0.0f, 1.0f / 3, 7e9f, __builtin_inff(), __builtin_nanf("3"), 1.5f, -100};
  static const double d[] = {1, -2.5, 1e308, 3e-310, 0, -0.0, 1.0 / 3, 7e18, __builtin_inf(), __builtin_nan("3"), 1e40, 2147483648.5};
  for (int i = 0; i < 10; i++) {
    __m128i a = _mm_set_epi64x(next(), next()), b = i % 3 ? _mm_set_epi64x(next() & 0x3f3f3f3f3f3f3f3f, next() & 31) : a;
    integers(a, b);
    strings(_mm_and_si128(a, _mm_set1_epi8(7)), (int)(next() % 20) - 2, _mm_and_si128(_mm_shuffle_epi8(a, b), _mm_set1_epi8(7)), (int)(next() % 40) - 20);
    // Round to nearest, down, up, to 0; flush to zero and denormals are zeros.
    _mm_setcsr(0x1f80 | (i & 3) << 13 | (i > 6 ? 0x8040 : 0));
    floats(_mm_set_ps(f[i], f[(i * 5 + 1) % 12], f[(i * 7 + 2) % 12], f[(i * 11 + 3) % 12]), _mm_set_ps(f[(i + 4) % 12], f[(i * 5 + 9) % 12], f[(i * 7 + 7) % 12], f[i]),
           _mm_set_pd(d[i], d[(i * 5 + 1) % 12]), _mm_set_pd(d[(i * 7 + 3) % 12], d[(i + 2) % 12]));
    _mm_setcsr(0x1f80);
  }
  return 0;
}
