/* A reusable choice, which stays on its lists between its uses and keeps a mark for each guard that may be ready. A part of
   `choice.pml`, which has the other parties: the set ALT are of this kind. All uses but the last
   may be dropped, so that the last one may be found asleep. */
#ifndef USES
#define USES 2
#endif
bit resting[P];       /* it is not used any more, and stands on its lists */
byte removed[P];      /* guards that are done: a bit each */
bit sent[P];

#define HAS(set, g) (((set) >> (g)) & 1)

proctype alt(byte me) {
  byte i, g, us, x = NOBODY, y = NOBODY, lo = NOBODY, hi = NOBODY, left, v, todo, done, value = NOBODY, d, moved = NOBODY, listed, uses = USES;
  byte after;
  bit ok, blocked, retry;
  atomic { us = me; phase[me] = IDLE; marked[me] = (1 << GUARD(me, 0)) | (1 << GUARD(me, 1)) }
use:
  waker[me] = 1;
  atomic {
    if
    :: phase[me] == IDLE -> phase[me] = FREE
#ifndef MUTANT_ENTER
    :: phase[me] == CLAIMED -> leaving[me] = 0
#endif
    :: else
    fi
  }
look: /* At the marked guards, once round. */
  do
  :: atomic { i < GUARDS(me) && phase[me] != COMMITTED -> g = GUARD(me, i) }
     if
     :: HAS(removed[me], g) || !HAS(marked[me], g) -> goto next
     :: else
     fi;
     if
     :: RECEIVES(g) && !HAS(listed, g) -> /* Listed without an attempt, and marked: one follows. */
        atomic {
          !locked[g / 2] -> mark(me, g); waiting[g] ! me; listed = listed | (1 << g)
        }
     :: else
     fi;
     attempt(us, g);
     atomic {
       blocked = 0;
       assert(done == PENDING || !served[me]);
       if
       :: done == PENDING && !HAS(listed, g) -> waiting[g] ! me; listed = listed | (1 << g)
       :: else
       fi
     }
     unlock_and_wake(g / 2);
#ifdef MUTANT_UNMARK_LATE
     if :: todo == NOT_NOW -> marked[me] = marked[me] & ~(1 << g) :: else fi;
#endif
     atomic { todo = 0; if :: done != PENDING -> goto finish :: else fi }
next:
     i++
  :: else -> break
  od;
finish:
  atomic { i = 0; g = 0; todo = 0 }
  if
  :: phase[me] != COMMITTED -> goto waits
  :: else
  fi;
  atomic { g = chosen[me]; !locked[g / 2] -> locked[g / 2] = 1;
    if
    :: done == PENDING -> /* A partner has committed to it, and has left what it gives under the lock. */
       assert(served[me]); served[me] = 0; listed = listed & ~(1 << g);
       if :: RECEIVES(g) -> value = slot[me]; slot[me] = NOBODY; done = GOT :: else -> done = SENT fi
    :: done == SENT || done == OVER ->
       if :: waiting[g] ?? [eval(me)] -> waiting[g] ?? eval(me) :: else fi;
       listed = listed & ~(1 << g)
    :: done == GOT
    fi;
    locked[g / 2] = 0
  }
  phase[me] = IDLE;
  atomic {
    if
    :: done == GOT -> received[value]++; assert(received[value] == 1); value = NOBODY
    :: done == SENT -> sent[me] = 1; removed[me] = removed[me] | (1 << g)
    :: done == OVER -> removed[me] = removed[me] | (1 << g)
    fi
  }
#ifndef MUTANT_NO_REMARK
  if :: done == GOT && !HAS(listed, g) -> mark(me, g) :: else fi;
#endif
  atomic { done = 0; g = 0; goto between }
waits:
end:
  if
  :: atomic { woken[me] -> woken[me] = 0; goto use }
  :: IN(IMPATIENT, me) && uses > 1 -> /* The use is dropped; nobody waits for who has claimed the word. */
     atomic {
       if
       :: phase[me] == FREE -> phase[me] = IDLE
#ifdef MUTANT_EXIT
       :: phase[me] == CLAIMED -> phase[me] = IDLE
#else
       :: phase[me] == CLAIMED -> leaving[me] = 1
#endif
       :: else
       fi
     }
  fi;
between:
  uses--;
  if
  :: uses > 0 -> goto use
  :: true -> resting[me] = 1
  :: true -> goto gone
  fi;
end_resting:
  false;
gone: /* Off all lists; what a partner has left is handed back. */
  do
  :: atomic {
       i < GUARDS(me) -> g = GUARD(me, i); !locked[g / 2] -> locked[g / 2] = 1;
       if
       :: waiting[g] ?? [eval(me)] -> waiting[g] ?? eval(me)
       :: !(waiting[g] ?? [eval(me)]) && served[me] && chosen[me] == g ->
          served[me] = 0;
          if
          :: RECEIVES(g) -> value = slot[me]; slot[me] = NOBODY
          :: else -> sent[me] = 1
          fi
       :: else
       fi
     }
     if :: value != NOBODY -> give_back(g / 2) :: else fi;
     unlock_and_wake(g / 2);
     i++
  :: else -> atomic { i = 0; g = 0; break }
  od;
  atomic { assert(phase[me] != CLAIMED && !served[me]); outcome[me] = DROPPED }
#ifdef RETIRE
  do
  :: i < GUARDS(me) -> g = GUARD(me, i); retire(g); i++
  :: else -> break
  od
#endif
}
