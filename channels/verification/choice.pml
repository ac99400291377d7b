/* Choices and plain operations on channels with 0, 1 or 2 places: commit, cancel, retire, poison, time-out. `words.pml` has
   the protocol, the definitions below the configuration; reusable choices are in `reusable.pml`, permits in
   `permits.pml`. */
#ifndef CAP
#define CAP 0
#endif
/* Sets of parties, as bits. */
#ifndef PLAIN        /* do not choose */
#define PLAIN 0
#endif
#ifndef AT_ONE       /* plain ones at channel 1 */
#define AT_ONE 0
#endif
#ifndef BACKWARDS    /* look at their second guard first */
#define BACKWARDS 0
#endif
#ifndef IMPATIENT    /* may be dropped at any time while they wait, or go on waiting for ever */
#define IMPATIENT 0
#endif
#ifndef ASLEEP       /* are not polled any more once they have looked */
#define ASLEEP 0
#endif
#ifndef COMMITTED_BEFORE   /* have committed and are not polled since: they stand on their lists still */
#define COMMITTED_BEFORE 0
#endif
#ifndef ALT          /* are used again and again */
#define ALT 0
#endif
#ifndef PERMITS      /* plain senders that take a permit first */
#define PERMITS 0
#endif
#ifndef KEEPS        /* of those, who has it from the start, and gives it up */
#define KEEPS 0
#endif
#ifndef TIMED        /* have a timer */
#define TIMED 0
#endif
#define TURN(p, i) (IN(BACKWARDS, p) ^ (i))
#ifdef RING
/* Party i receives from its left neighbour, by channel i - 1, or sends to its right one, by channel i. A ring of one holds
   both ends of its channel. */
#define P RING
#define C RING
#define GUARD(p, i) (TURN(p, i) == 0 -> 2 * (((p) + RING - 1) % RING) : 2 * (p) + 1)
#define GUARDS(p) 2
#endif
#ifdef WEB
/* Channel 0 has places. Party 0 sends on it, 1 there or on channel 1, 2 receives from channel 2 or 1, 3 sends on 2, and 4 receives
   from 0: while 2 asks for 1, it may be met by 3, and 1 by 4. */
#define P 5
#define C 3
#define GUARD(p, i) ((p) == 0 -> 1 : ((p) == 1 -> 1 + 2 * (i) : ((p) == 2 -> 4 - 2 * (i) : ((p) == 3 -> 5 : 0))))
#define GUARDS(p) (2 - IN(PLAIN, p))
#define PLACES(c) ((c) == 0 -> CAP : 0)
#endif
#ifndef P
/* The first SENDERS parties send and the others receive; each on both of two channels, but a plain one on one. */
#define P (SENDERS + RECEIVERS)
#define C 2
#define GUARD(p, i) (2 * (IN(PLAIN, p) * IN(AT_ONE, p) + (1 - IN(PLAIN, p)) * TURN(p, i)) + ((p) < SENDERS))
#define GUARDS(p) (2 - IN(PLAIN, p))
#endif
#ifndef PLACES
#define PLACES(c) CAP
#endif
#define IN(set, p) (((set) >> (p)) & 1)
#define CHOOSES(p) (!IN(PLAIN, p))
#define REUSABLE(p) IN(ALT, p)
#define PERMIT(p) IN(PERMITS, p)
#include "words.pml"
#include "reusable.pml"
#include "permits.pml"

/* How a party looks at its guards: once without standing anywhere, then standing, then when it is woken. */
#define LOOK 0
#define ENLIST 1
#define AGAIN 2

#define IS_COMMITTED(p) (CHOOSES(p) && phase[p] == COMMITTED)

proctype party(byte me) {
  byte mode, i, g, us = NOBODY, x = NOBODY, y = NOBODY, lo = NOBODY, hi = NOBODY, left, v, todo, done, value = NOBODY, d, moved = NOBODY;
  byte after;
  bit ok, blocked, retry, due, dropped, patient = 1;
  if
  :: true
  :: IN(IMPATIENT, me) -> patient = 0
  fi;
#ifdef LISTED
  mode = ENLIST;
  atomic { if :: CHOOSES(me) -> phase[me] = FREE; waker[me] = 1; us = me :: else fi }
#else
  if :: CHOOSES(me) -> mode = LOOK :: else -> mode = ENLIST fi;
#endif
pass:
  do
  :: atomic { i < GUARDS(me) && outcome[me] == PENDING && !IS_COMMITTED(me) -> g = GUARD(me, i) }
     attempt(us, g);
     atomic {
       todo = 0; blocked = 0;
       if
       :: done != PENDING ->
          assert(outcome[me] == PENDING && !served[me]);
          assert(done == OVER || !ended[g / 2])
       :: else
       fi;
       outcome[me] = done;
       if
       :: done == GOT -> slot[me] = value; value = NOBODY
       :: done == PENDING && mode == ENLIST -> waiting[g] ! me
       :: else
       fi;
       done = 0; i++
     }
     unlock_and_wake(g / 2)
  :: else -> atomic { i = 0; g = 0; break }
  od;
  if
  :: mode == LOOK && outcome[me] == PENDING ->
     atomic { phase[me] = FREE; waker[me] = 1; us = me; mode = ENLIST; goto pass }
  :: mode == LOOK && outcome[me] != PENDING -> goto gone
  :: else -> mode = AGAIN
  fi;
  if
  :: us != NOBODY && due && outcome[me] == PENDING ->
     atomic { commit_free(us, TIMER, ok); if :: ok -> outcome[me] = TIMED_OUT :: else fi; ok = 0 }
  :: else
  fi;
#ifdef MUTANT_LATE_WAKER
  waker[me] = 1;
#endif
waits:
  if
  :: IN(ASLEEP, me) -> goto asleep
  :: outcome[me] != PENDING || IS_COMMITTED(me) -> goto leave
  :: else
  fi;
end:
  if
  :: atomic { woken[me] -> woken[me] = 0; if :: us == NOBODY -> goto resume :: else fi }
#ifndef MUTANT_LATE_WAKER
     waker[me] = 1;
#endif
     goto pass
  :: atomic { IN(TIMED, me) && !due -> due = 1; waker[me] = 1; goto pass }
  :: atomic { !patient -> dropped = 1; goto leave }
  fi;
asleep:
  if
  :: outcome[me] != PENDING -> goto leave
  :: else
  fi;
end_asleep:
  false;
resume: /* One that does not choose looks again. */
  atomic {
    g = GUARD(me, 0); !locked[g / 2] -> locked[g / 2] = 1;
    if
    :: served[me] -> todo = ALONE
    :: !served[me] && (RECEIVES(g) -> RECEIVE_OVER(g / 2) : SEND_OVER(g / 2)) -> waiting[g] ?? eval(me); todo = TOO_LATE
    :: else -> todo = NOT_NOW
    fi;
    locked[g / 2] = 0;
    if
    :: todo == ALONE -> todo = 0; goto leave
    :: todo == TOO_LATE && RECEIVES(g) -> todo = 0; mode = ENLIST; goto pass
    :: todo == TOO_LATE && !RECEIVES(g) -> todo = 0; outcome[me] = OVER; goto leave
    :: todo == NOT_NOW -> todo = 0; goto waits
    fi
  }
leave: /* Off the lists, by the lock of each; what a partner has left is taken, or handed back by one that is dropped. */
  do
  :: atomic {
       i < GUARDS(me) -> g = GUARD(me, i); !locked[g / 2] -> locked[g / 2] = 1;
       if
#ifndef MUTANT_LEAVE
       :: waiting[g] ?? [eval(me)] -> waiting[g] ?? eval(me)
#endif
       :: !(waiting[g] ?? [eval(me)]) && served[me] && (!CHOOSES(me) || chosen[me] == g) ->
          served[me] = 0;
          if
          :: !RECEIVES(g) -> outcome[me] = SENT
          :: RECEIVES(g) && !dropped -> outcome[me] = GOT
#ifdef MUTANT_POISON
             ; if :: ended[g / 2] -> outcome[me] = OVER; slot[me] = NOBODY :: else fi
#endif
          :: RECEIVES(g) && dropped -> value = slot[me]; slot[me] = NOBODY
          fi
       :: else
       fi
     }
     if :: value != NOBODY -> give_back(g / 2) :: else fi;
     unlock_and_wake(g / 2);
     i++
  :: else -> atomic { i = 0; g = 0; break }
  od;
gone:
  atomic {
    assert(phase[me] != CLAIMED && !served[me]);
    if :: dropped && outcome[me] == PENDING -> outcome[me] = DROPPED :: else fi;
    assert(outcome[me] != PENDING);
    if :: outcome[me] == GOT -> received[slot[me]]++; assert(received[slot[me]] == 1); slot[me] = NOBODY :: else fi
  }
#ifdef RETIRE
  do
  :: i < GUARDS(me) -> g = GUARD(me, i); retire(g); i++
  :: else -> break
  od;
#endif
  /* What stays behind tells nothing more apart. */
  atomic { i = 0; g = 0; mode = 0; us = NOBODY; due = 0; patient = 1; woken[me] = 0; waker[me] = 0; again[me] = 0 }
}

#ifdef POISON
proctype poisoner() {
  byte d, y, x = NOBODY, left;
  byte after;
  atomic { !locked[0] -> locked[0] = 1; ended[0] = 1; wake_all(0) }
  unlock_and_wake(0)
}
#endif

#define WAITS(p) (outcome[p] == PENDING && !IN(ASLEEP, p) && !resting[p])
#define STANDS(p, g) (waiting[g] ?? [eval(p)])
/* One that was asked to look again and is not polled is excused. */
#define CAN_BE_MET(p, g) (STANDS(p, g) && (!CHOOSES(p) || phase[p] == FREE) && !(IN(ASLEEP, p) && woken[p]))

/* Looks at how it all ended. */
active proctype judge() {
  byte i, j, g, v;
  byte left[P];
  atomic {
    for (i : 0 .. P - 1) {
      slot[i] = NOBODY;
      for (j : 0 .. GUARDS(i) - 1) { g = GUARD(i, j); ends[g]++ }
    }
    for (i : 0 .. P - 1) {
      if
      :: IN(COMMITTED_BEFORE, i) ->
         phase[i] = COMMITTED; outcome[i] = OVER;
         for (j : 0 .. GUARDS(i) - 1) { g = GUARD(i, j); waiting[g] ! i }
      :: IN(ALT, i) -> run alt(i)
      :: PERMIT(i) -> kept[GUARD(i, 0) / 2] = kept[GUARD(i, 0) / 2] + IN(KEEPS, i); run permit(i)
      :: else -> run party(i)
      fi
    }
#ifdef POISON
    run poisoner();
#endif
    i = 0; j = 0; g = 0
  }
  timeout ->
  d_step {
    for (i : 0 .. P - 1) {
      assert(!WAITS(i) || !CHOOSES(i) || phase[i] == FREE);
      assert(!WAITS(i) || !IN(TIMED, i));
      for (j : 0 .. GUARDS(i) - 1) {
        g = GUARD(i, j);
        if
        :: WAITS(i) && !HAS(removed[i], g) ->
           assert(STANDS(i, g));
           assert(RECEIVES(g) -> !RECEIVE_OVER(g / 2) && DEPTH(g / 2) == 0 : !SEND_OVER(g / 2) && IS_FULL(g / 2));
           for (v : 0 .. P - 1) { assert(v == i || !CAN_BE_MET(v, OTHER(g))) }
        :: else -> assert(!STANDS(i, g) || IN(ASLEEP, i) || IN(COMMITTED_BEFORE, i) || resting[i])
        fi
      }
    }
    for (i : 0 .. C - 1) {
      assert(!locked[i] && kept[i] == 0);
      do :: len(buffer[i]) > 0 -> buffer[i] ? v; left[v]++ :: else -> break od;
      do :: len(returned[i]) > 0 -> returned[i] ? v; left[v]++ :: else -> break od
    }
    for (i : 0 .. P - 1) {
      if
      :: served[i] && slot[i] != NOBODY -> v = slot[i]; left[v]++
      :: served[i] && slot[i] == NOBODY -> sent[i] = 1
      :: else
      fi
    }
    /* What was sent was received or is there, once. */
    for (i : 0 .. P - 1) { assert(received[i] + left[i] == (outcome[i] == SENT || sent[i])) }
  }
}
