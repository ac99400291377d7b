/* A sender that takes a permit first, which keeps a place, and then sends on it or gives it up. A part of `choice.pml`, which has
   the other parties: the set PERMITS are of this kind, and plain. One that is impatient may be dropped while it waits. */
proctype permit(byte me) {
  byte g, us = NOBODY, x = NOBODY, y = NOBODY, lo = NOBODY, hi = NOBODY, left, v, todo, value = NOBODY, d, moved = NOBODY;
  byte after;
  bit ok, blocked, retry, patient = 1, has;
  if
  :: !IN(KEEPS, me)
  :: IN(IMPATIENT, me) || IN(KEEPS, me) -> patient = 0
  fi;
  g = GUARD(me, 0);
  atomic {
    !locked[g / 2] ->
    if
    :: IN(KEEPS, me) -> has = 1
    :: !IN(KEEPS, me) && SEND_OVER(g / 2) -> outcome[me] = OVER
    :: !IN(KEEPS, me) && !SEND_OVER(g / 2) && !IS_FULL(g / 2) -> kept[g / 2]++; has = 1
    :: else -> waiting[g] ! me
    fi
  }
waits:
  if
  :: has || outcome[me] != PENDING -> goto holds
  :: else
  fi;
end:
  if
  :: atomic { woken[me] -> woken[me] = 0 }
  :: !patient
  fi;
  atomic { /* Looks again, or goes away; what it was served is a place. */
    !locked[g / 2] -> locked[g / 2] = 1;
    if
    :: served[me] ->
       served[me] = 0;
#ifndef MUTANT_FORGET_PLACE
       has = 1
#else
       if :: patient -> has = 1 :: else -> outcome[me] = DROPPED fi
#endif
    :: !served[me] && (SEND_OVER(g / 2) || !patient) ->
       waiting[g] ?? eval(me);
       if :: SEND_OVER(g / 2) -> outcome[me] = OVER :: else -> outcome[me] = DROPPED fi
    :: else
    fi;
    locked[g / 2] = 0;
    goto waits
  }
holds:
  if
  :: has && patient -> /* Sends on it. */
     atomic { !locked[g / 2] -> locked[g / 2] = 1; kept[g / 2]--; has = 0; todo = ALONE }
     if
     :: SEND_OVER(g / 2) -> outcome[me] = OVER
     :: else ->
        if
        :: DEPTH(g / 2) == 0 -> meet(NOBODY, NOBODY, OTHER(g))
        :: else
        fi;
        atomic { if :: x != NOBODY -> slot[x] = me; x = NOBODY; todo = MEET :: else -> buffer[g / 2] ! me fi; outcome[me] = SENT }
        if :: todo == MEET -> refill(g / 2) :: else fi
     fi;
     todo = 0;
     unlock_and_wake(g / 2)
  :: has -> /* Gives it up. */
     atomic { !locked[g / 2] -> locked[g / 2] = 1; kept[g / 2]--; has = 0; outcome[me] = DROPPED }
#ifndef MUTANT_NO_ROOM
     refill(g / 2);
#endif
     unlock_and_wake(g / 2)
  :: else
  fi;
  atomic { assert(outcome[me] != PENDING && !served[me]); g = GUARD(me, 0) }
#ifdef RETIRE
  retire(g);
#endif
  atomic { g = 0; patient = 1; woken[me] = 0; waker[me] = 0; again[me] = 0 }
}
